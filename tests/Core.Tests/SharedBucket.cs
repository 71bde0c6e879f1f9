using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>Two buckets of alice's, in a store that tells what was written and read, and that does not answer for one bucket where a test says so.</summary>
internal sealed class SharedBucket : DelegatingBucketStore, IDisposable
{
    public static readonly BucketId Shop = BucketId.Named("shop");
    public static readonly BucketId Club = BucketId.Named("club");
    public const string ClubStaff = "/buckets/club/groups/staff";
    public const string ShopStaff = "/buckets/shop/groups/staff";

    private readonly FakeTime time;
    private readonly InMemoryBucketStore memory;

    private SharedBucket(InMemoryBucketStore memory, FakeTime time, BucketOptions options)
        : base(memory)
    {
        (this.time, this.memory) = (time, memory);
        Buckets = new InProcessBuckets(this, options, time);
    }

    public static SharedBucket Create(BucketOptions? options = null)
    {
        var clock = new FakeTime();
        clock.Advance(TimeSpan.FromDays(1));
        return new SharedBucket(new InMemoryBucketStore(), clock, options ?? new BucketOptions());
    }

    /// <summary>By then a change of somebody's groups in another bucket counts, whatever is remembered and however far clocks may be apart.</summary>
    public static readonly TimeSpan Settled = new AccessOptions().MembershipTime + (3 * new AccessOptions().MaxClockDifference) + BucketClock.HintTolerance + TimeSpan.FromMilliseconds(200);

    public static Caller Alice { get; } = Of("alice", 1);

    public static Caller Bob { get; } = Of("bob", 2);

    public static Caller Carol { get; } = Of("carol", 3);

    public InProcessBuckets Buckets { get; }

    public FakeTime Time => time;

    public InMemoryBucketStore Memory => memory;

    public List<BucketCommit> Commits { get; } = [];

    public List<GrantScan> Scans { get; } = [];

    /// <summary>Bytes of the largest answer to a scan of rows.</summary>
    public long MostScanned { get; private set; }

    public int RowsScanned { get; set; }

    /// <summary>Bytes of what rows say of rights that were read by their keys, together.</summary>
    public long AclsRead { get; set; }

    /// <summary>Happens once between a read of records and what its caller does with them.</summary>
    public Func<Task>? AfterRead { get; set; }

    /// <summary>Whether nobody answers for what the club's groups say.</summary>
    public bool ClubHangs { get; set; }

    public static Caller Of(string name, long number) => new(new PrincipalSet($"account:{name}") { Account = new AccountRef(number, default) }, BucketAccess.ByAcl);

    public static AccessChange Says(Right right, params string[] principals) => new([new AccessEdit(AccessEditKind.Set, right, principals)]);

    public static AccessChange Readers(params string[] principals) => Says(Right.Read, principals);

    public static PutRecord Put(ObjectRef target, AccessChange? access = null, string body = "{}") => new(target, Encoding.UTF8.GetBytes(body)) { Access = access };

    public static PutRecord Group(string id, params IEnumerable<string> members) => new(
        ObjectRef.Group(id), Encoding.UTF8.GetBytes($$"""{"members":[{{string.Join(',', members.Select(static member => $"\"{PrincipalText.Public(member)}\""))}}]}"""))
    {
        Access = new AccessChange([]) { Accounts = [.. members] },
    };

    public async Task<Outcome> ExecuteAsync(Caller caller, Operation operation, BucketId? bucket = null) =>
        (await Buckets.Get(bucket ?? Shop).ExecuteAsync(new BucketRequest(caller, [operation]), default)).Outcomes[0];

    public async Task<T> DoAsync<T>(Caller caller, Operation operation, BucketId? bucket = null)
        where T : Outcome => Assert.IsType<T>(await ExecuteAsync(caller, operation, bucket));

    public void Dispose() => Buckets.Dispose();

    public override ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
    {
        Commits.Add(commit);
        return base.CommitAsync(commit);
    }

    public override async ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
        BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken)
    {
        var found = await base.ReadAsync(bucket, keys, projection, cancellationToken);
        AclsRead += found.Values.Sum(static row => (long)(row.Acl?.Length ?? 0));
        var after = AfterRead;
        AfterRead = null;
        if (after is not null)
        {
            await after();
        }

        return found;
    }

    public override async ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
    {
        var rows = await base.ScanAsync(scan, cancellationToken);
        RowsScanned += rows.Records.Count;
        MostScanned = Math.Max(MostScanned, rows.Records.Sum(static row => (long)(row.Acl?.Length ?? 0)));
        return rows;
    }

    public override async ValueTask<IReadOnlyList<Grant>> ReadGrantsAsync(GrantScan scan, CancellationToken cancellationToken)
    {
        Scans.Add(scan);
        if (ClubHangs && scan.Buckets.Contains(Club))
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        return await base.ReadGrantsAsync(scan, cancellationToken);
    }
}
