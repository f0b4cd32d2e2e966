export default function MarketPage() {
  return <main id="main" data-page="market" data-state="idle" tabIndex={-1} />;
}
