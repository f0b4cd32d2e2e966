export default function ResultPage() {
  return <main id="main" data-page="result" data-state="idle" tabIndex={-1} />;
}
