export function RunPage() {
  return <main id="main" data-page="run" data-state="idle" tabIndex={-1} />;
}
