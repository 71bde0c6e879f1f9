namespace Lockstep.Gateway.Kinto.Live;

/// <summary>What a stream covers in one bucket.</summary>
/// <param name="Target">The bucket.</param>
/// <param name="Sources">Lists, and single objects of other lists.</param>
/// <param name="IsWhole">Whether it is the whole bucket, with collections that are created later.</param>
internal sealed record LiveTarget(KintoTarget Target, IReadOnlyList<LiveSource> Sources, bool IsWhole)
{
    /// <summary>A bucket's own data, its groups and its collections. The collections' records are added when these are found.</summary>
    public static IReadOnlyList<LiveSource> Bucket(KintoTarget bucket) => [LiveSource.Bucket(bucket), LiveSource.Of(bucket.Collections()), LiveSource.Of(bucket.Groups())];

    /// <summary>A collection's own data, and its records.</summary>
    public static IReadOnlyList<LiveSource> Collection(KintoTarget bucket, string id) => [LiveSource.Of(bucket.Records(id)), LiveSource.Collection(bucket, id)];

    /// <summary>The same with further sources, each once.</summary>
    public LiveTarget With(IReadOnlyList<LiveSource> sources, bool isWhole)
    {
        List<LiveSource> all = [.. Sources, .. sources];

        // A whole list includes each of its objects.
        var kept = all.Where((source, i) => !all.Exists(other => other.List == source.List && source.IsObject && !other.IsObject)
            && all.FindIndex(other => other.Path == source.Path) == i).ToList();
        return isWhole || IsWhole ? new LiveTarget(Target, Bucket(Target), IsWhole: true) : this with { Sources = kept };
    }
}
