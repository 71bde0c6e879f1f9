using System.Text.RegularExpressions;
using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Kinto.Attachments;

/// <summary>A bucket for the content of files, of Amazon S3 or of a store that speaks its protocol.</summary>
public sealed partial record S3Options
{
    /// <summary>The bucket, which must exist. Default: none; files are elsewhere.</summary>
    public string? Bucket { get; init; }

    /// <summary>The beginning of all names of objects: <c>lockstep/</c>. Default: nothing.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>URL of the store, without the bucket: <c>https://s3.example.org</c>. Default: none, Amazon's for <see cref="Region"/>.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The region that requests are signed for: <c>eu-central-1</c>. Default: none, us-east-1 with an <see cref="Endpoint"/>.</summary>
    public string? Region { get; init; }

    /// <summary>Whether the bucket is named in the path, and not in the host's name. Default: none, so with an <see cref="Endpoint"/>.</summary>
    public bool? PathStyle { get; init; }

    /// <summary>The access key's id. Default: none; key and secret come from where Amazon's SDK looks for them.</summary>
    public string? KeyId { get; init; }

    /// <summary>The access key's secret. Default: none.</summary>
    [Secret]
    public string? Secret { get; init; }

    /// <summary>File with the secret, instead of the setting. Default: none.</summary>
    public string? SecretFile { get; init; }

    /// <summary>How long a request to the store may take, with all of its tries. Default: 30 seconds.</summary>
    [Bounds(1, 600)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request to the store is tried. Each try has its share of <see cref="Timeout"/>. Default: 3.</summary>
    [Bounds(1, 10)]
    public int Tries { get; init; } = 3;

    /// <summary>Whether files are kept there.</summary>
    public bool IsOn => Bucket is { Length: > 0 };

    /// <summary>Never shows the secret.</summary>
    public override string ToString() => Bucket ?? "";

    /// <param name="setting">Its name: <c>Kinto:Attachments:S3</c>.</param>
    /// <returns>What is wrong, and the fix.</returns>
    internal IEnumerable<string> Problems(string setting)
    {
        if (!IsOn)
        {
            if (this != new S3Options { Bucket = Bucket })
            {
                yield return $"{setting}:Bucket is not set, and other settings of {setting} are. Name the bucket, or leave them out.";
            }

            yield break;
        }

        if (!Buckets().IsMatch(Bucket!))
        {
            yield return $"{setting}:Bucket is '{Bucket}', which is no name of a bucket. Use 3 to 63 letters, digits, dots and dashes.";
        }

        if (!Prefixes().IsMatch(Prefix))
        {
            yield return $"{setting}:Prefix is '{Prefix}'. Use letters, digits, dashes and underscores in parts that each end with a slash: lockstep/.";
        }

        if (Endpoint is not null && !IsEndpoint(Endpoint))
        {
            yield return $"{setting}:Endpoint is '{Endpoint}', which is no URL of a store. Use something like https://s3.example.org, without the bucket.";
        }

        if (Endpoint is null && Region is null)
        {
            yield return $"{setting}:Bucket is set, and neither {setting}:Region nor {setting}:Endpoint is. Set the region of a bucket at Amazon, or the endpoint of another store.";
        }

        if (Region is not null && !Regions().IsMatch(Region))
        {
            yield return $"{setting}:Region is '{Region}', which is no name of a region. Use something like eu-central-1.";
        }

        if (Secret is not null && SecretFile is not null)
        {
            yield return $"{setting}:Secret and {setting}:SecretFile are both set. Use one.";
        }

        if (KeyId is { Length: > 0 } != (Secret is { Length: > 0 } || SecretFile is not null))
        {
            yield return $"{setting}:KeyId needs {setting}:Secret or {setting}:SecretFile, and these need it. Set both, or none where the machine has a role at Amazon.";
        }

        if (SecretFile is not null && !File.Exists(SecretFile))
        {
            yield return $"{setting}:SecretFile is '{SecretFile}', which is no file that can be read.";
        }
    }

    /// <summary>Without user, path and query: their content would be in the log, or be lost.</summary>
    private static bool IsEndpoint(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
        && url is { UserInfo.Length: 0, PathAndQuery: "/", Fragment.Length: 0 };

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$(?<!\n)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Buckets();

    [GeneratedRegex("^([A-Za-z0-9_-]{1,100}/){0,5}$(?<!\n)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Prefixes();

    [GeneratedRegex("^[a-z0-9-]{1,50}$(?<!\n)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Regions();
}
