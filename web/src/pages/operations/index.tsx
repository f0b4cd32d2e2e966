export default function OperationsPage() {
  return <main id="main" data-page="operations" data-state="idle" tabIndex={-1} />;
}
