using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Kinto.Attachments;

/// <summary>Files of records.</summary>
public sealed record AttachmentOptions
{
    /// <summary>Whether records can have files. Default: true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Bytes of one file. Default: 10 MiB.</summary>
    [Bounds(1)]
    public long MaxBytes { get; init; } = 10L << 20;

    /// <summary>Extensions that a file's name may have, separated by commas: <c>jpg,png,pdf</c>. Default: any, or none.</summary>
    public string Extensions { get; init; } = "";

    /// <summary>Media types that a file may have, separated by commas: <c>image/*,application/pdf</c>. Default: any.</summary>
    public string MediaTypes { get; init; } = "";

    /// <summary>
    /// How long a file that no record names is kept, and how often it is checked whether a record names it. An upload may take half of it. Default: 1 day.
    /// </summary>
    [Bounds(1, BoundsAttribute.Year)]
    public TimeSpan CollectTime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Directory of the files' content; made when missing. For a single server with SQLite. Default: none; the content is in the database.
    /// </summary>
    public string? Directory { get; init; }

    /// <summary>A bucket of an object store for the files' content, with either engine and any number of servers. Default: none.</summary>
    public S3Options S3 { get; init; } = new();

    /// <summary>How long an upload may take, until its file is claimed. No setting: half of <see cref="CollectTime"/>.</summary>
    internal long UploadMilliseconds => (long)CollectTime.TotalMilliseconds / 2;

    /// <summary>Whether a file may have this name.</summary>
    public bool Allows(string fileName) => Among(Extensions) is not { Count: > 0 } allowed
        || allowed.Contains(Path.GetExtension(fileName).TrimStart('.'), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a file may have a media type, which is in lower case and without parameters.</summary>
    public bool AllowsType(string mediaType) => Among(MediaTypes) is not { Count: > 0 } allowed
        || allowed.Any(type => type.EndsWith("/*", StringComparison.Ordinal)
            ? mediaType.StartsWith(type[..^1], StringComparison.OrdinalIgnoreCase)
            : string.Equals(type, mediaType, StringComparison.OrdinalIgnoreCase));

    private static IReadOnlyList<string> Among(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
