namespace Lockstep.Gateway.Kinto;

/// <summary>Paths without the ids that are in them, for measurements: a few texts, whatever clients ask for.</summary>
internal static class KintoRoutes
{
    /// <param name="path">With the version.</param>
    /// <returns>Null when nothing is served there.</returns>
    public static string? Template(ReadOnlySpan<char> path)
    {
        // One more than the longest route has, so that longer paths are seen to be longer.
        Span<Range> parts = stackalloc Range[9];
        var count = path.Split(parts, '/');
        if (count < 3 || path[parts[1]] is not "v1")
        {
            return null;
        }

        var first = path[parts[2]];
        return count switch
        {
            3 => first switch
            {
                "" => "/v1/",
                "batch" => "/v1/batch",
                "accounts" => "/v1/accounts",
                "buckets" => "/v1/buckets",
                "__heartbeat__" => "/v1/__heartbeat__",
                "__lbheartbeat__" => "/v1/__lbheartbeat__",
                "__version__" => "/v1/__version__",
                "__flush__" => "/v1/__flush__",
                _ => null,
            },
            4 => first switch
            {
                "accounts" => "/v1/accounts/{account}",
                "buckets" => "/v1/buckets/{bucket}",
                _ => null,
            },
            _ when first is not "buckets" || path[parts[4]] is not "collections" => null,
            5 => "/v1/buckets/{bucket}/collections",
            6 => "/v1/buckets/{bucket}/collections/{collection}",
            _ when path[parts[6]] is not "records" => null,
            7 => "/v1/buckets/{bucket}/collections/{collection}/records",
            8 => "/v1/buckets/{bucket}/collections/{collection}/records/{record}",
            _ => null,
        };
    }
}
