export default function DataPage() {
  return <main id="main" data-page="data" data-state="idle" tabIndex={-1} />;
}
