using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// How long caches may keep public answers: as the settings say, or, for records, as their collection's <c>cache_expires</c> says
/// if that is longer. Answers to users who signed in, and errors, are never cached.
/// </summary>
internal sealed class CacheRules(KintoOptions options, IBuckets buckets, TimeProvider time)
{
    private const int MaxSeconds = 365 * 86_400;

    /// <summary>The field of a collection's data.</summary>
    public const string Field = "cache_expires";

    /// <param name="request">A read by any caller.</param>
    /// <param name="target">The object or list that is read.</param>
    /// <param name="plan">The plan of the read.</param>
    /// <returns>The plan, whose answer says how long it may be kept.</returns>
    public KintoPlan Plan(KintoRequest request, KintoTarget target, KintoPlan plan)
    {
        if (request.Principal is not null || plan is not KintoPlan.Call || target.List.Role == ListRole.History)
        {
            return plan;
        }

        var seconds = target.List.Role switch
        {
            ListRole.Self => options.BucketCacheSeconds,
            ListRole.Collections => options.CollectionCacheSeconds,
            ListRole.Groups => options.GroupCacheSeconds,
            _ => options.RecordCacheSeconds,
        };
        return target.List.Role != ListRole.Records ? (seconds == 0 ? plan : Kept(plan, target, seconds)) : new KintoPlan.Prepared(async cancellationToken =>
        {
            // The collection says it of its records, whether or not their readers may read the collection. They learn these seconds of it, nothing else.
            var read = new BucketRequest(Callers.Reader, [new ReadRecord(ObjectRef.Collection(target.List.Name))]);
            var response = await buckets.Get(target.Bucket).ExecuteAsync(read, cancellationToken);
            var said = response.Outcomes[0] is RecordFound found ? SecondsIn(found.Record.Body) : null;
            return said is null && seconds == 0 ? plan : Kept(plan, target, Math.Max(seconds, said ?? 0));
        });
    }

    /// <summary>Whether the target also exists as a stream instead of JSON: everything except single records and groups.</summary>
    private bool HasStream(KintoTarget target) => options.Live.Enabled && (target.Id is null || target.List.Role is ListRole.Self or ListRole.Collections);

    /// <summary>Whether a collection's data may have this value: a whole number of seconds, or null for none.</summary>
    public static bool IsPossible(JsonElement value) => value.ValueKind is JsonValueKind.Null || (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _));

    /// <returns>Null if there is none, and for values stored before they were validated.</returns>
    private static int? SecondsIn(ReadOnlyMemory<byte> body)
    {
        using var document = JsonText.Parse(body);
        return document.RootElement.TryGetProperty(Field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var seconds)
            ? (int)Math.Clamp(seconds, 0, MaxSeconds)
            : null;
    }

    private KintoPlan Kept(KintoPlan plan, KintoTarget target, int seconds) => plan is not KintoPlan.Call call ? plan : call with
    {
        Render = outcome =>
        {
            var response = call.Render(outcome);
            if (response.Status >= 400)
            {
                return response;
            }

            // For caches that do not know Cache-Control.
            var expires = time.GetUtcNow().AddSeconds(seconds).ToString("R", CultureInfo.InvariantCulture);
            return seconds == 0
                ? response.With("Cache-Control", "max-age=0, must-revalidate, no-cache, no-store").With("Expires", expires).With("Pragma", "no-cache")
                : response.With("Vary", HasStream(target) ? "Accept, Authorization, Origin" : "Authorization, Origin").With("Cache-Control", string.Create(CultureInfo.InvariantCulture, $"max-age={seconds}")).With("Expires", expires);
        },
    };
}
