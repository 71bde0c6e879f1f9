using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Interchange;
using Lockstep.Storage.Contract;

namespace Lockstep.EndToEnd.Interchange;

/// <summary>Fills a store by chance with everything that a store can have, through the owners of its buckets.</summary>
internal sealed class RandomContent(TransferStore store, int seed)
{
    private static readonly string[] Names = ["alice", "bob", "carol@example.org"];
    private static readonly string[] Bodies = ["{}", """{"a":1.50,"b":"\u00e9é𝄞\n"}""", """{"n":{"m":[1,2,{"x":null}]},"keep":true}"""];

    private readonly Random random = new(seed);
    private readonly InterchangeStores stores = store.Stores;
    private readonly Dictionary<string, Account> accounts = new(StringComparer.Ordinal);

    public async Task FillAsync(int steps)
    {
        // :: Step 1: who there is; the first name was somebody else's before.
        var former = (await stores.Accounts.AddAsync("gone", "hash", new ServerTimestamp(5), default))!;
        await stores.Accounts.BeginDeletionAsync("gone", former, default);
        await stores.Accounts.EndDeletionAsync(former, "account:gone", default);
        foreach (var name in Names.Append("gone"))
        {
            accounts[name] = (await stores.Accounts.AddAsync(name, $"hash of {name}", new ServerTimestamp(1_000 + random.Next(1_000)), default))!;
        }

        await stores.Accounts.ChangePasswordAsync("bob", null, "another hash", new ServerTimestamp(5_000), default);
        await store.Keyed.AddAsync(
            new KeyedAccount(new Account(0, "keyed@example.org", "hash of keyed", new ServerTimestamp(7), IsBeingDeleted: false), new string('a', 32), "Keyed@example.org") { WrappedKey = "wrapped", Generation = 3, KeysChangedAt = 2, Created = new ServerTimestamp(7) },
            [new AccountToken("digest", AccountTokenKind.Session, 0) { Created = new ServerTimestamp(7), Expires = new ServerTimestamp(long.MaxValue), Used = new ServerTimestamp(8) }],
            null,
            default);
        var sync = (await stores.Assignments.GiveAsync(new UserIdentity("issuer", "somebody"), null, new UserKeys(4, "0123", 5), 0, random.Next(2) == 0 ? 77 : null, new ServerTimestamp(9), default))!;
        await stores.Quotas.PutAsync(new Quota(QuotaSubject.Parse("/users/account:alice")!, 1_000_000_000, null), null, Quota.Most, new ServerTimestamp(3), default);
        await stores.Quotas.PutAsync(new Quota(QuotaSubject.Parse($"/buckets/u:{DefaultOf("bob")}/collections/c0")!, null, 1_000_000), null, Quota.Most, new ServerTimestamp(3), default);

        // :: Step 2: what they have.
        using var owners = new InProcessBuckets(stores.Buckets, new BucketOptions(), TimeProvider.System, history: new PlainHistoryForm { KeepsByDefault = seed % 2 == 0 }, files: new PlainFileNames());
        for (var i = 0; i < steps; i++)
        {
            await StepAsync(owners, sync.Number);
        }

        await AttachAsync(owners);
    }

    private string DefaultOf(string name) => stores.DefaultBucketOf("account:" + name, accounts[name].Number);

    private async Task StepAsync(InProcessBuckets owners, long sync)
    {
        var name = Names[random.Next(Names.Length)];
        var (bucket, caller) = random.Next(8) switch
        {
            0 => (BucketId.SyncStorage(sync.ToString(CultureInfo.InvariantCulture)), Of($"sync:{sync}", new AccountRef(sync, ServerTimestamp.Zero), BucketAccess.Own)),
            1 => (BucketId.OldSyncStorage(accounts[name].Number), Of($"sync11:{accounts[name].Number}", accounts[name].Ref, BucketAccess.Own)),
            2 => (BucketId.DefaultBucket(stores.DefaultBucketOf("openid:they", 0)), Of("openid:they", default, BucketAccess.Own)),
            < 6 => (BucketId.DefaultBucket(DefaultOf(name)), Of("account:" + name, accounts[name].Ref, BucketAccess.Own)),
            _ => (BucketId.Named($"team{random.Next(3)}"), Of("account:alice", accounts["alice"].Ref, BucketAccess.ByAcl)),
        };
        var operation = bucket.Kind == BucketKind.Sync ? SyncStep() : KintoStep();
        var answer = await owners.Get(bucket).ExecuteAsync(new BucketRequest(caller, [operation]), default);
        if (answer.Outcomes[0] is Missing or ParentMissing or Forbidden && bucket.Kind == BucketKind.Kinto && operation is PutRecord)
        {
            await owners.Get(bucket).ExecuteAsync(
                new BucketRequest(caller, [new PutRecord(ObjectRef.Bucket, Body()) { Access = Access() }, new PutRecord(ObjectRef.Collection("c0"), Body()), new PutRecord(ObjectRef.Collection("c1"), Body()) { Access = Access() }, operation]), default);
        }
    }

    private static Caller Of(string user, AccountRef account, BucketAccess access) => new(new PrincipalSet(user) { Account = account }, access);

    private Operation KintoStep()
    {
        var collection = $"c{random.Next(2)}";
        var record = new ObjectRef(ListRef.RecordsOf(collection), $"r{random.Next(12)}");
        return random.Next(20) switch
        {
            0 => new DeleteRecord(ObjectRef.Collection(collection)),
            1 when random.Next(4) == 0 => new DeleteRecord(ObjectRef.Bucket),
            2 => new PutRecord(ObjectRef.Collection(collection), Body()) { Access = Access() },
            3 => new PutRecord(new ObjectRef(ListRef.Groups, $"g{random.Next(2)}"), Encoding.UTF8.GetBytes("""{"members":["account:bob","account:nobody"]}""")) { Access = new AccessChange([]) { Accounts = [Stored("bob")] } },
            4 => new DeleteRecord(new ObjectRef(ListRef.Groups, $"g{random.Next(2)}")),
            < 8 => new DeleteRecord(record),
            < 12 => new PutRecord(record, Body()) { Access = Access() },
            _ => new PutRecord(record, Body()),
        };
    }

    private Operation SyncStep() => random.Next(6) switch
    {
        0 => new DeleteRecords(ListRef.RecordsOf($"c{random.Next(2)}"), new ListQuery { Limit = 5 }),
        _ => new MergeRecords(ListRef.RecordsOf($"c{random.Next(2)}"), [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => new RecordChange($"r{random.Next(12)}")
        {
            Body = random.Next(3) switch { 0 => Encoding.UTF8.GetBytes("""{"ciphertext":"é\n"}"""), 1 => new byte[] { 0xff, 0xfe, 1 }, _ => null },
            SortIndex = random.Next(2) == 0 ? random.Next(-5, 5) : null,
            Lifetime = random.Next(3) == 0 ? 100_000 : null,
        })]),
    };

    private AccessChange Access() => new(
    [
        new AccessEdit(AccessEditKind.Set, random.Next(2) == 0 ? Right.Read : Right.Write, [.. ((string[])[
            Stored(Names[random.Next(Names.Length)]), "system.Authenticated", "openid:they", $"/buckets/{DefaultOf(Names[random.Next(Names.Length)])}/groups/g0", "/buckets/team0/groups/g1", "account:gone#1",
        ]).Where(_ => random.Next(2) == 0)]),
    ]);

    private string Stored(string name) => PrincipalText.OfAccount("account:" + name, accounts[name].Number);

    private byte[] Body() => Encoding.UTF8.GetBytes(Bodies[random.Next(Bodies.Length)]);

    private async Task AttachAsync(InProcessBuckets owners)
    {
        var (id, bucket) = ($"file{seed}", BucketId.DefaultBucket(DefaultOf("alice")));
        var content = new byte[IAttachmentContent.PieceBytes + 10];
        random.NextBytes(content);
        await stores.Files.AddAsync(new Attachment(id, bucket, "c0", "with-file", new ServerTimestamp(11)) { FileName = "f.bin", MediaType = "application/octet-stream" }, default);
        await stores.Contents[0].AppendAsync(id, 0, content.AsMemory(0, IAttachmentContent.PieceBytes), default);
        await stores.Contents[0].AppendAsync(id, 1, content.AsMemory(IAttachmentContent.PieceBytes), default);
        await stores.Contents[0].EndAsync(id, default);
        await stores.Files.EndAsync(id, content.Length, Convert.ToHexStringLower(SHA256.HashData(content)), default);
        var attach = new AttachFile(new ObjectRef(ListRef.RecordsOf("c0"), "with-file"), Encoding.UTF8.GetBytes($$$"""{"file":{"id":"{{{id}}}"}}"""), 1_000)
        {
            File = id,
            FileBytes = content.Length,
            Until = ServerTimestamp.Now(TimeProvider.System).Plus(3_600_000),
        };
        var caller = Of("account:alice", accounts["alice"].Ref, BucketAccess.Own);
        var answer = await owners.Get(bucket).ExecuteAsync(new BucketRequest(caller, [new PutRecord(ObjectRef.Collection("c0"), null), attach]), default);
        if (answer.Outcomes[1] is not RecordWritten)
        {
            throw new InvalidOperationException($"The file was not attached: {answer.Outcomes[1]}");
        }
    }
}
