import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { fetchAhead, Routes } from "./pages/routes";
import { Frame } from "./parts/frame";
import { questions } from "./parts/questions";
import "./tokens.css";
import "./page.css";

const place = document.getElementById("page");
if (place === null) throw new Error("index.html has no place for the page");
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={questions}>
      <Frame>
        <Routes />
      </Frame>
    </QueryClientProvider>
  </StrictMode>,
);
fetchAhead();
