using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>GET of a list, a collection or a bucket by whoever wants a stream of its changes.</summary>
internal sealed class LivePlans(LiveServices live)
{
    // Browsers cannot say otherwise how they sign in.
    public const string Ticket = "ticket";

    /// <summary>What lies in a list.</summary>
    public KintoPlan List(KintoRequest request, KintoTarget target) => Open(request, target, [LiveSource.Of(target)]);

    /// <summary>A collection's own data, and its records.</summary>
    public KintoPlan Collection(KintoRequest request, KintoTarget target)
    {
        var bucket = KintoTarget.OfBucket(request.Principal, request.Values["bucket"]);
        return Open(request, bucket, [LiveSource.Of(bucket.Records(target.Id!)), LiveSource.Collection(bucket, target.Id!)]);
    }

    /// <summary>A bucket's own data, its groups, its collections and their records.</summary>
    public KintoPlan Bucket(KintoRequest request, KintoTarget target) => Open(
        request, target, [LiveSource.Bucket(target), LiveSource.Of(target.Collections()), LiveSource.Of(target.Groups())], isWhole: true);

    private KintoPlan Open(KintoRequest request, KintoTarget target, IReadOnlyList<LiveSource> sources, bool isWhole = false)
    {
        if (Read(request, out var from, out var fields) is { } error)
        {
            return error;
        }

        return new KintoPlan.Task(async cancellationToken =>
        {
            var stream = new LiveStream(live, request, target, sources, isWhole, fields);
            return await stream.OpenAsync(from, cancellationToken) ?? new KintoResponse(200)
            {
                Headers = [KeyValuePair.Create("Content-Type", EventStreams.MediaType), KeyValuePair.Create("X-Accel-Buffering", "no")],
                Stream = stream.RunAsync,
            };
        });
    }

    /// <summary>What a stream cannot do is refused: whoever asks for less would be told too much, and whoever asks for another order that one.</summary>
    private static KintoResponse? Read(KintoRequest request, out ServerTimestamp? from, out FieldSelection? fields)
    {
        (from, fields) = (null, null);
        foreach (var (name, value) in request.Query.Pairs)
        {
            switch (name)
            {
                case "_since" when value is "null":
                    break;
                case "_since" when from is not null:
                    return KintoErrors.GivenTwice(name);
                case "_since":
                    if (!TryParse(value, out from))
                    {
                        return KintoErrors.Invalid("querystring", name, StampText.Describe(name, value.AsSpan().Trim('"'), $"The value should be integer between double quotes or not: {name}"));
                    }

                    break;
                case "_fields" when fields is not null:
                    return KintoErrors.GivenTwice(name);
                case "_fields":
                    fields = FieldSelection.Parse(value);
                    break;
                case Ticket:
                    break;
                case "_limit" or "_token" or "_sort" or "_before" or "_to":
                case not ['_', ..]:
                    return KintoErrors.Invalid("querystring", name, $"A stream takes _since and _fields, and not {name}");
            }
        }

        // Later than what was asked for first.
        var last = request.Header(EventStreams.LastEventId);
        if (last is { Length: > 0 } && !TryParse(last, out from))
        {
            return KintoErrors.Invalid("header", EventStreams.LastEventId, $"{EventStreams.LastEventId} should be the id of an event");
        }

        return null;
    }

    private static bool TryParse(string text, out ServerTimestamp? stamp)
    {
        var isOne = StampText.TryParse(text.AsSpan().Trim().Trim('"'), out var value);
        stamp = isOne ? value : null;
        return isOne;
    }
}
