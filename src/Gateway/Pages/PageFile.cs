namespace Lockstep.Gateway.Pages;

/// <summary>A file that pages load.</summary>
/// <param name="Path">Below the hash: <c>shell/style.css</c>.</param>
/// <param name="Content">As it is served.</param>
public sealed record PageFile(string Path, ReadOnlyMemory<byte> Content)
{
    /// <summary>The media type, by the ending of its name.</summary>
    /// <exception cref="InvalidOperationException">Files of that kind are not served.</exception>
    public string ContentType => System.IO.Path.GetExtension(Path) switch
    {
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".json" => "application/json",
        ".html" => "text/plain; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"Nothing says what a file '{other}' is."),
    };
}
