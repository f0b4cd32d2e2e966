/** What the service was asked, kept for a while; a problem is not asked again. */
import { QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/problem";

export const questions = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (times, fault) => !(fault instanceof Problem) && times < 3,
    },
  },
});
