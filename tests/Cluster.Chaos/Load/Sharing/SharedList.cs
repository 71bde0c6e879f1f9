namespace Lockstep.Cluster.Chaos.Load.Sharing;

/// <summary>A collection of which somebody else may see a part, by rights of records and by a group.</summary>
/// <param name="Bucket">Its name.</param>
/// <param name="Guest">The account that sees a part.</param>
internal sealed record SharedList(string Bucket, string Guest)
{
    /// <summary>Begins contents of records that the guest may never see.</summary>
    public const string Closed = "closed";

    public string Path => $"/v1/buckets/{Bucket}";

    public string Group => $"{Path}/groups/guests";

    public string Collection => $"{Path}/collections/chaos";

    public string Records => $"{Collection}/records";

    public string GuestPrincipal => $"account:{Guest}";

    public string GroupPrincipal => $"/buckets/{Bucket}/groups/guests";
}
