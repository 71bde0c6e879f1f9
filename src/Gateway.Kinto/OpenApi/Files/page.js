// Shows the document beside this page. Nothing is asked of, or told to, any other server; the page's policy forbids it too.
window.Scalar.createApiReference("#api", {
  url: new URL("__api__", document.baseURI).href,
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: "",
  persistAuth: false,
  showDeveloperTools: "never",
  hideClientButton: true,
  documentDownloadType: "direct",
  agent: { disabled: true },
  mcp: { disabled: true },
});
