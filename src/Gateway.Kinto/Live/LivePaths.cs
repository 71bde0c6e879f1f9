using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>What a stream tells of by the paths that it names, each bucket by itself, in the order in which they are first named.</summary>
internal sealed class LivePaths(Principal? principal, KintoOptions options)
{
    private readonly List<LiveTarget> all = [];

    public IReadOnlyList<LiveTarget> All => all;

    /// <summary>Of a bucket, a collection, or a list of records, collections or groups.</summary>
    /// <param name="text">The path, as of a GET.</param>
    /// <returns>What is wrong with it; null for nothing.</returns>
    public KintoResponse? Add(string text)
    {
        if (text is not ['/', ..] || RequestPath.OfDecoded(text) is not { Count: > 1 } path || path[0] is not "buckets")
        {
            return Unknown(text);
        }

        if (principal is null && path[1] is KintoTarget.Default)
        {
            return KintoErrors.Unauthorized;
        }

        var segments = Enumerable.Range(1, path.Count - 1).Select(i => path[i]).ToArray();
        if (!KintoIds.IsValid(segments[0], options) || (segments.Length > 2 && !KintoIds.IsValid(segments[2], options)))
        {
            return Unknown(text);
        }

        var bucket = KintoTarget.OfBucket(principal, segments[0]);
        IReadOnlyList<LiveSource>? sources = segments[1..] switch
        {
            [] => LiveTarget.Bucket(bucket),
            ["collections"] => [LiveSource.Of(bucket.Collections())],
            ["groups"] => [LiveSource.Of(bucket.Groups())],
            ["collections", var collection] => LiveTarget.Collection(bucket, collection),
            ["collections", var collection, "records"] => [LiveSource.Of(bucket.Records(collection))],
            _ => null,
        };
        if (sources is null)
        {
            return Unknown(text);
        }

        var known = all.FindIndex(other => other.Target.Bucket == bucket.Bucket);
        var before = known < 0 ? new LiveTarget(bucket, [], IsWhole: false) : all[known];
        var with = before.With(sources, isWhole: segments.Length == 1);
        if (known < 0)
        {
            all.Add(with);
        }
        else
        {
            all[known] = with;
        }

        return null;
    }

    private static KintoResponse Unknown(string text) =>
        KintoErrors.Invalid("querystring", LivePlans.PathParameter, $"{text} is no bucket, no collection, and no list of records, collections or groups");
}
