using Lockstep.Core.Time;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>GET of a list, a collection, a bucket, or several of these, as a stream of changes.</summary>
internal sealed class LivePlans(LiveServices live)
{
    // Browsers have no other way to sign in to a stream.
    public const string Ticket = "ticket";

    /// <summary>Names a part of what a stream of several buckets covers.</summary>
    public const string PathParameter = "path";

    /// <summary>The position from which a browser's WebSocket continues, since it cannot send <c>Last-Event-ID</c>.</summary>
    private const string LastId = "last-event-id";

    /// <summary>The objects of a list.</summary>
    public KintoPlan List(KintoRequest request, KintoTarget target) => Open(request, [new LiveTarget(target, [LiveSource.Of(target)], IsWhole: false)]);

    /// <summary>A collection's own data, and its records.</summary>
    public KintoPlan Collection(KintoRequest request, KintoTarget target)
    {
        var bucket = KintoTarget.OfBucket(request.Principal, request.Values["bucket"]);
        return Open(request, [new LiveTarget(bucket, LiveTarget.Collection(bucket, target.Id!), IsWhole: false)]);
    }

    /// <summary>A bucket's own data, its groups, its collections and their records.</summary>
    public KintoPlan Bucket(KintoRequest request, KintoTarget target) => Open(request, [new LiveTarget(target, LiveTarget.Bucket(target), IsWhole: true)]);

    /// <summary>Everything that the URL names, in any number of buckets.</summary>
    public KintoPlan Several(KintoRequest request)
    {
        var (paths, named) = (new LivePaths(request.Principal, live.Options), 0);
        foreach (var (name, value) in request.Query.Pairs)
        {
            if (name is PathParameter && (++named > live.Options.Live.MaxPaths ? TooMany : paths.Add(value)) is { } error)
            {
                return error;
            }
        }

        return named == 0 ? KintoErrors.Invalid("querystring", PathParameter, "A stream of several buckets names what it tells of: ?path=/buckets/a&path=/buckets/b") : Open(request, paths.All, hasPaths: true);
    }

    private KintoResponse TooMany => KintoErrors.Invalid("querystring", PathParameter, $"A stream names at most {live.Options.Live.MaxPaths} paths");

    private KintoPlan Open(KintoRequest request, IReadOnlyList<LiveTarget> targets, bool hasPaths = false)
    {
        if (Read(request, targets.Count, hasPaths, out var from, out var fields) is { } error)
        {
            return error;
        }

        var isSocket = request.Http is { } http && Sockets.IsAskedFor(http);
        return new KintoPlan.Task(async cancellationToken =>
        {
            if (isSocket && await LiveSockets.RefuseAsync(request, live.Options) is { } wrong)
            {
                return wrong;
            }

            var stream = new LiveStream(live, request, [.. targets.Select(target => new BucketTeller(live, request, target, fields))]);
            if (await stream.OpenAsync(from, cancellationToken) is { } refusal)
            {
                return refusal;
            }

            if (!live.Tickets.TryTake(request))
            {
                return KintoErrors.Unauthorized;
            }

            return isSocket ? new KintoResponse(101) { Stream = stream.RunAsync, Socket = new SocketAnswer(EventMessages.Of, live.Options.Live.HeartbeatTime) } : new KintoResponse(200)
            {
                Headers = [KeyValuePair.Create("Content-Type", EventStreams.MediaType), KeyValuePair.Create("X-Accel-Buffering", "no")],
                Stream = stream.RunAsync,
            };
        });
    }

    /// <summary>Refuses what a stream cannot do. Otherwise a client that asks for less would get too much, and one that asks for another order would get the wrong one.</summary>
    private static KintoResponse? Read(KintoRequest request, int buckets, bool hasPaths, out ServerTimestamp[]? from, out FieldSelection? fields)
    {
        (from, fields) = (null, null);
        string? lastId = null;
        foreach (var (name, value) in request.Query.Pairs)
        {
            switch (name)
            {
                case "_since" when value is "null":
                    break;
                case "_since" when from is not null:
                    return KintoErrors.GivenTwice(name);
                case "_since":
                    if (!LivePosition.TryParse(value, buckets, out from))
                    {
                        return KintoErrors.Invalid("querystring", name, Wrong(name, value, buckets));
                    }

                    break;
                case "_fields" when fields is not null:
                    return KintoErrors.GivenTwice(name);
                case "_fields":
                    fields = FieldSelection.Parse(value);
                    break;
                case LastId when lastId is not null:
                    return KintoErrors.GivenTwice(name);
                case LastId:
                    lastId = value;
                    break;
                case Ticket:
                case PathParameter when hasPaths:
                    break;
                case "_limit" or "_token" or "_sort" or "_before" or "_to":
                case not ['_', ..]:
                    return KintoErrors.Invalid("querystring", name, $"A stream takes _since and _fields, and not {name}");
            }
        }

        // The id of an event is later than what was asked for at first.
        var last = request.Header(EventStreams.LastEventId);
        return last is { Length: > 0 }
            ? LivePosition.TryParse(last, buckets, out from) ? null
                : KintoErrors.Invalid("header", EventStreams.LastEventId, $"{EventStreams.LastEventId} should be the id of an event of this stream")
            : lastId is { Length: > 0 } && !LivePosition.TryParse(lastId, buckets, out from)
                ? KintoErrors.Invalid("querystring", LastId, $"{LastId} should be the id of an event of this stream")
                : null;
    }

    private static string Wrong(string name, string value, int buckets) => buckets == 1
        ? StampText.Describe(name, value.AsSpan().Trim('"'), $"The value should be integer between double quotes or not: {name}")
        : $"{name} should be 0, or a stamp for each of the {buckets} buckets, with commas between";
}
