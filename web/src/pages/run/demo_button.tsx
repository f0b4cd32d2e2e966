/** Has the service make the synthetic market of the demo, and says how far that is. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, body } from "../../api/ask";
import { announce } from "../../parts/announce";
import { sentenceOf } from "../../parts/fault";
import { questions } from "../../parts/questions";

const AGAIN_MS = 500;
const KEY = ["demo"];

export function DemoButton() {
  const { data: market } = useQuery({
    queryKey: KEY,
    queryFn: () => body(api.GET("/api/v1/demo")),
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.state === "making" ? AGAIN_MS : false),
  });
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => body(api.POST("/api/v1/demo")),
    onSuccess: (begun) => {
      questions.setQueryData(KEY, begun);
      announce("The demo is being made.");
    },
  });
  const state = market?.state;
  useEffect(() => {
    if (state !== "made") return;
    announce("The demo is made.");
    // Whatever was known of the store was known of an empty one.
    void questions.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
  }, [state]);
  const making = isPending || state === "making";
  const fault = error ? sentenceOf(error) : state === "failed" ? market?.text : "";
  return (
    <>
      <button type="button" className="button" disabled={making} onClick={() => mutate()}>
        Load the demo
      </button>
      {state === "making" && market && (
        <span className="hint" data-demo={market.done}>
          {" "}
          {market.done} of {market.total} instruments are made.
        </span>
      )}
      {fault && (
        <span className="loss" role="alert">
          {" "}
          {fault}
        </span>
      )}
    </>
  );
}
