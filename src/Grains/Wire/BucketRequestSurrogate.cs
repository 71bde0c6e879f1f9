using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire;

/// <summary>
/// A <see cref="BucketRequest"/> between processes. Like all types of this folder: members keep their numbers for ever, new
/// ones get new numbers and mean nothing to those who do not know them, so that two versions run beside each other.
/// </summary>
/// <remarks>
/// Within a process the request itself goes along, and its operations are converted only to be serialized. So nothing in it
/// may be used for something else later, not even when the caller has given the call up.
/// </remarks>
[GenerateSerializer, Alias("lockstep.bucket-request"), Immutable]
public sealed class BucketRequestSurrogate
{
    [NonSerialized]
    private Sending? sending;

    [NonSerialized]
    private BucketRequest? received;

    [NonSerialized]
    private OperationSurrogate[]? operations;

    /// <summary>Who signed in; null for nobody.</summary>
    [Id(0)]
    public string? User { get; init; }

    [Id(1)]
    public BucketAccess Access { get; init; }

    /// <summary>Of a request of this process it is read to be sent, and by nobody else.</summary>
    /// <exception cref="SentTwiceException">It is a write, and was sent before.</exception>
    [Id(2)]
    public OperationSurrogate[] Operations
    {
        get => sending is null ? operations! : Send(sending);
        internal set => operations = value;
    }

    /// <summary>The number of the user's account; 0 where it is not known.</summary>
    [Id(3)]
    public long Account { get; init; }

    /// <summary>When that account was made, ms; 0 where it is not known.</summary>
    [Id(4)]
    public long AccountSince { get; init; }

    internal static BucketRequestSurrogate From(Sending sending) => new()
    {
        User = sending.Request.Caller.Principals.User,
        Access = sending.Request.Caller.Access,
        Account = sending.Request.Caller.Principals.Account.Number,
        AccountSince = sending.Request.Caller.Principals.Account.Since.Milliseconds,
        sending = sending,
    };

    internal BucketRequest ToRequest() => sending?.Request ?? (received ??=
        new(new Caller(new PrincipalSet(User) { Account = new AccountRef(Account, new ServerTimestamp(AccountSince)) }, Access), Array.ConvertAll(Operations, static operation => operation.ToOperation())));

    private static OperationSurrogate[] Send(Sending sending)
    {
        sending.Begin();
        return [.. sending.Request.Operations.Select(OperationSurrogate.From)];
    }
}
