using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>A request of a user who has signed in, as the protocol reads it.</summary>
internal sealed class StorageRequest(ProtocolRequest inner) : IStorageRequest
{
    private const string SlowDownSeconds = "10";

    private readonly Principal user = inner.SignIn.Principal!;

    public HttpContext Http => inner.Http;

    public QueryParameters Query => inner.Query;

    public ReadOnlyMemory<byte> Body => inner.Body;

    /// <summary>The budget from which the answer takes room.</summary>
    public AnswerRoom Room => inner.Room;

    /// <summary>Whether the path names the user who has signed in.</summary>
    public bool IsOwn => string.Equals(inner.Values["username"], user.Account, StringComparison.Ordinal);

    /// <summary>The user's storage.</summary>
    public BucketId Bucket => BucketId.OldSyncStorage(user.Ref.Number);

    public Caller Caller => Callers.Of(user, Bucket);

    /// <summary>The records of the collection that the path names; null if the name is not valid.</summary>
    public ListRef? Collection => SyncNames.IsCollection(inner.Values["collection"]) ? ListRef.RecordsOf(inner.Values["collection"]) : null;

    /// <summary>The record that the path names; null if a name is not valid.</summary>
    public ObjectRef? Record => Collection is { } list && SyncNames.IsId(inner.Values["record"]) ? new ObjectRef(list, inner.Values["record"]) : null;

    public string? Header(string name) => inner.Http.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>Bytes of payloads that the user may store.</summary>
    /// <param name="otherwise">The limit of the settings; 0 for none.</param>
    /// <returns>Null for no limit.</returns>
    public long? QuotaOr(long otherwise) => (user.QuotaBytes ?? otherwise) is > 0 and var quota ? quota : null;

    /// <summary>Tells the client to wait before it asks again, because the storage's clock runs ahead.</summary>
    public void SlowDown()
    {
        if (!inner.Http.Response.HasStarted)
        {
            inner.Http.Response.Headers["X-Weave-Backoff"] = SlowDownSeconds;
        }
    }

    /// <summary>Reads <c>X-If-Unmodified-Since</c>, which always concerns the whole collection.</summary>
    /// <param name="scope">Selects the stamp to compare with.</param>
    /// <param name="precondition">The precondition; none without the header.</param>
    /// <returns>False if it is not a time.</returns>
    public bool TryPrecondition(PreconditionScope scope, out Precondition precondition)
    {
        precondition = default;
        if (Header("X-If-Unmodified-Since") is not { } text)
        {
            return true;
        }

        if (!WeaveTime.TryParse(text, out var stamp))
        {
            return false;
        }

        precondition = new Precondition(scope, PreconditionTest.UnmodifiedSince, stamp);
        return true;
    }
}
