"""What users of the plain routes do; read by locust, in its own environment."""

from __future__ import annotations

from locust import FastHttpUser, between, task


class Reader(FastHttpUser):
    """Somebody who looks around: what is there, bars for a chart, what runs found."""

    wait_time = between(0.2, 0.8)

    def on_start(self) -> None:
        """Look up what there is to ask for."""
        self.run = self.client.get("/api/v1/runs").json()["runs"][0]["run"]
        found = self.client.get("/api/v1/instruments").json()["instruments"]
        self.symbols = [each["symbol"] for each in found]
        self.turn = 0

    @task(4)
    def chart(self) -> None:
        """Bars of one instrument after another, 2,000 points of each."""
        self.turn += 1
        symbol = self.symbols[self.turn % len(self.symbols)]
        self.client.get(f"/api/v1/bars/{symbol}?points=2000", name="/api/v1/bars")

    @task(2)
    def instruments(self) -> None:
        """The listing."""
        self.client.get("/api/v1/instruments")

    @task(2)
    def results(self) -> None:
        """The table of a run."""
        self.client.get(f"/api/v1/runs/{self.run}/results", name="/api/v1/runs/RUN/results")

    @task(1)
    def runs(self) -> None:
        """The history."""
        self.client.get("/api/v1/runs")

    @task(1)
    def strategies(self) -> None:
        """The catalogue."""
        self.client.get("/api/v1/strategies")

    @task(1)
    def health(self) -> None:
        """What a load balancer asks."""
        self.client.get("/livez")
