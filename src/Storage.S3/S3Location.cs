namespace Lockstep.Storage.S3;

/// <summary>Where objects lie, and whose requests are.</summary>
public sealed record S3Location
{
    /// <summary>The bucket, which is there already.</summary>
    public required string Bucket { get; init; }

    /// <summary>What all names of objects begin with: <c>lockstep/</c>. Default: nothing.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>URL of the store, without the bucket. Default: none, Amazon's for <see cref="Region"/>.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The region that requests are signed for. Default: us-east-1, which most stores but Amazon's take.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>Whether the bucket is named in the path, and not in the host's name. Default: false.</summary>
    public bool PathStyle { get; init; }

    /// <summary>The access key's id. Default: none; key and secret come from where Amazon's SDK looks for them.</summary>
    public string? KeyId { get; init; }

    /// <summary>The access key's secret.</summary>
    public string? Secret { get; init; }

    /// <summary>How long a request may take, with all tries. Default: 30 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request is tried. Each try has its share of <see cref="Timeout"/>. Default: 3.</summary>
    public int Tries { get; init; } = 3;

    /// <summary>Never shows the secret.</summary>
    public override string ToString() => $"{Bucket}/{Prefix}";
}
