using System.IO.Compression;
using Lockstep.Gateway.Http;
using Scalar.AspNetCore;

namespace Lockstep.Gateway.Kinto.OpenApi;

/// <summary>
/// <c>/__docs__</c>: a page that shows the document and tries its requests. Script and style are those of Scalar's package, served from here.
/// The page asks no other server, and its policy does not let it.
/// </summary>
internal sealed class ApiPage
{
    /// <summary>Below the protocol's prefix.</summary>
    public const string Path = "/__docs__";

    private const string Html = "text/html; charset=utf-8";
    private const string Script = "text/javascript; charset=utf-8";
    private const string Gzip = "gzip";

    // A day: until then browsers may miss an update.
    private const string Cached = "public, max-age=86400";

    private readonly Lazy<byte[]> document = new(static () => Own("page.html"));
    private readonly Lazy<byte[]> start = new(static () => Own("page.js"));
    private readonly Lazy<byte[]> reference = new(static () => Read(typeof(ScalarOptions), "ScalarStaticAssets.scalar.js"));
    private readonly Lazy<byte[]> unpacked;

    // For the few clients without gzip: megabytes that are unpacked once.
    public ApiPage() => unpacked = new Lazy<byte[]>(() => Decoded(reference.Value));

    public KintoPlan Document() => Text(document.Value, Html)
        .With("Cache-Control", "no-cache").With("Referrer-Policy", "no-referrer").With("Cross-Origin-Opener-Policy", "same-origin");

    public KintoPlan File(KintoRequest request) => request.Values["file"] switch
    {
        "page.js" => Text(start.Value, Script).With("Cache-Control", Cached),

        // Megabytes that no part of a batch needs.
        "scalar.js" when request.Cookies is not null => Reference(request.Header("Accept-Encoding") ?? ""),
        _ => KintoErrors.NotFound,
    };

    /// <summary>
    /// Scripts come only from below the page, and requests go to this server. Scalar makes its style as it runs, and so needs permission for that.
    /// Styles load nothing from elsewhere either.
    /// </summary>
    /// <param name="files">The URL of the page's files, with a slash at the end.</param>
    public static string Policy(string files) =>
        $"default-src 'none'; script-src {(files.All(IsPlain) ? files : "'none'")}; style-src 'unsafe-inline'; img-src data: blob:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

    /// <summary>Other characters of URLs have another meaning in a policy.</summary>
    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '~' or ':' or '/' or '[' or ']';

    private KintoResponse Reference(string accepted) =>
        accepted.Contains(Gzip, StringComparison.OrdinalIgnoreCase)
            ? Text(reference.Value, Script).With("Content-Encoding", Gzip).With("Vary", "Accept-Encoding").With("Cache-Control", Cached)
            : Text(unpacked.Value, Script).With("Vary", "Accept-Encoding").With("Cache-Control", Cached);

    private static KintoResponse Text(byte[] bytes, string type) =>
        new(200) { ContentType = type, Body = output => output.WriteStored(bytes), Length = bytes.Length, Size = bytes.Length };

    private static byte[] Decoded(byte[] bytes)
    {
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        using var decoded = new MemoryStream();
        gzip.CopyTo(decoded);
        return decoded.ToArray();
    }

    private static byte[] Own(string name) => Read(typeof(ApiPage), $"openapi/{name}");

    private static byte[] Read(Type owner, string name)
    {
        using var stream = owner.Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{owner.Assembly.GetName().Name} has no '{name}'.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
