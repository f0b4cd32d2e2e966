export default function RunsPage() {
  return <main id="main" data-page="runs" data-state="idle" tabIndex={-1} />;
}
