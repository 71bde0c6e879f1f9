using System.Globalization;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync15;

/// <summary>A request, read by the rules of the protocol.</summary>
internal sealed class SyncRequest(ProtocolRequest inner) : IStorageRequest
{
    private const string SlowDownSeconds = "10";
    private const int MaxUidDigits = 10;

    public RouteValues Values => inner.Values;

    public QueryParameters Query => inner.Query;

    public ReadOnlyMemory<byte> Body => inner.Body;

    /// <summary>The budget that the answer takes room from.</summary>
    public AnswerRoom Room => inner.Room;

    /// <summary>The owner of the storage.</summary>
    public BucketId Bucket => BucketId.SyncStorage(inner.SignIn.Principal!.DefaultBucket);

    /// <summary>Bytes of payloads that the user may store; 0 for no limit.</summary>
    /// <param name="otherwise">The limit of the settings.</param>
    public long QuotaOr(long otherwise) => inner.SignIn.Principal?.QuotaBytes ?? otherwise;

    public Caller Caller => Callers.Of(inner.SignIn.Principal!, Bucket);

    /// <summary>Whether the path names a storage at all.</summary>
    public bool HasUid => Values["uid"] is { Length: <= MaxUidDigits } uid && !uid.AsSpan().ContainsAnyExceptInRange('0', '9');

    /// <summary>Whether the path names the storage of the user who signed the request.</summary>
    public bool IsOwn => inner.SignIn.Principal is not { } principal
        || string.Equals(long.Parse(Values["uid"], CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture), principal.DefaultBucket, StringComparison.Ordinal);

    /// <returns>The collection of the path; null when the name is invalid.</returns>
    public string? Collection() => SyncNames.IsCollection(Values["collection"]) ? Values["collection"] : null;

    /// <returns>The record of the path; null when the id is invalid.</returns>
    public string? Record() => SyncNames.IsId(Values["record"]) ? Values["record"] : null;

    public string? Header(string name) => inner.Http.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>Sets the time in the header of all answers.</summary>
    public void Stamp(ServerTimestamp stamp, bool isWrite) => inner.Http.Features.Set(new AnswerStamp(stamp, isWrite));

    /// <summary>Tells the client to wait before it asks again, because the storage's clock runs ahead.</summary>
    public void SlowDown()
    {
        if (!inner.Http.Response.HasStarted)
        {
            inner.Http.Response.Headers["X-Weave-Backoff"] = SlowDownSeconds;
        }
    }

    /// <summary>The precondition of the headers.</summary>
    /// <param name="scope">The object whose stamp it tests.</param>
    /// <param name="precondition">The precondition; none without headers.</param>
    /// <returns>False when both headers are present, or one is not a stamp.</returns>
    public bool TryPrecondition(PreconditionScope scope, out Precondition precondition)
    {
        precondition = default;
        var (modified, unmodified) = (Header("X-If-Modified-Since"), Header("X-If-Unmodified-Since"));
        if (modified is null && unmodified is null)
        {
            return true;
        }

        if ((modified is not null && unmodified is not null) || !SyncTime.TryParse(modified ?? unmodified, out var stamp))
        {
            return false;
        }

        if (unmodified is not null)
        {
            precondition = new Precondition(scope, PreconditionTest.UnmodifiedSince, stamp);
        }
        else if (inner.Http.Request.Method is "GET")
        {
            precondition = new Precondition(scope, PreconditionTest.ModifiedSince, stamp);
        }

        return true;
    }
}
