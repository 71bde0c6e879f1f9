namespace Lockstep.Gateway.Kinto.Live;

/// <summary>What a stream tells of in one bucket.</summary>
/// <param name="Target">The bucket.</param>
/// <param name="Sources">Lists, and objects of others.</param>
/// <param name="IsWhole">Whether it is all of it, with collections that come.</param>
internal sealed record LiveTarget(KintoTarget Target, IReadOnlyList<LiveSource> Sources, bool IsWhole)
{
    /// <summary>A bucket's own data, its groups and its collections, whose records come along.</summary>
    public static IReadOnlyList<LiveSource> Bucket(KintoTarget bucket) => [LiveSource.Bucket(bucket), LiveSource.Of(bucket.Collections()), LiveSource.Of(bucket.Groups())];

    /// <summary>A collection's own data, and its records.</summary>
    public static IReadOnlyList<LiveSource> Collection(KintoTarget bucket, string id) => [LiveSource.Of(bucket.Records(id)), LiveSource.Collection(bucket, id)];

    /// <summary>The same with more of it, each once.</summary>
    public LiveTarget With(IReadOnlyList<LiveSource> sources, bool isWhole)
    {
        List<LiveSource> all = [.. Sources, .. sources];

        // What a whole list tells of, it tells of each of its objects.
        var kept = all.Where((source, i) => !all.Exists(other => other.List == source.List && source.IsObject && !other.IsObject)
            && all.FindIndex(other => other.Path == source.Path) == i).ToList();
        return isWhole || IsWhole ? new LiveTarget(Target, Bucket(Target), IsWhole: true) : this with { Sources = kept };
    }
}
