export default function ComparePage() {
  return <main id="main" data-page="compare" data-state="idle" tabIndex={-1} />;
}
