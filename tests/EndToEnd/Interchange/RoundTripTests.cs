using System.Globalization;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.EndToEnd.ServerFull;
using Lockstep.Interchange;

namespace Lockstep.EndToEnd.Interchange;

/// <summary>Stores that are filled by chance, exported, imported, cut off, gone on with and damaged.</summary>
public sealed class RoundTripTests
{
    private const int Steps = 300;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Export_OfWhatWasImported_IsTheSameByteForByte_ButForItsFirstLine(int seed)
    {
        await using var one = await FilledAsync(seed);
        var file = await one.ExportAsync();
        await using var two = await TransferStore.CreateAsync();

        // Numbers that accounts have here are others than there.
        await two.Stores.Accounts.AddAsync("zoe", "hash", new ServerTimestamp(1), default);
        await two.Stores.Accounts.BeginDeletionAsync("zoe", null, default);

        var counts = await two.ImportAsync(file);

        Assert.True(counts is { Accounts: 5, Stores: 1, Quotas: 2, Files: 1, Buckets: > 4, Records: > 50 }, counts.ToString());
        Assert.Equal(Lines(file)[1..], Lines(await two.ExportAsync())[1..]);
        Assert.Equal("another hash", (await two.Stores.Accounts.FindAsync("bob", default))!.PasswordHash);
    }

    [Fact]
    public async Task Import_ThatIsLostInWhateverCommit_LetsNobodyIn_AndEndsTheSame()
    {
        await using var one = await FilledAsync(7, steps: 80);
        var file = await one.ExportAsync();
        for (var failing = 1; ; failing += 2)
        {
            await using var two = await TransferStore.CreateAsync();
            FailingBucketStore? lost = null;
            try
            {
                await two.ImportAsync(file, wrap: store => lost = new FailingBucketStore(store, failing, stores: failing % 4 == 1));
                Assert.True(lost!.Commits < failing);
                return;
            }
            catch (StoreUnavailableException)
            {
                Assert.StartsWith("importing:", (await two.Stores.Accounts.FindAsync("alice", default))!.PasswordHash, StringComparison.Ordinal);
                Assert.Null(await two.Keyed.FindByUidAsync(new string('a', 32), default));
                Assert.Empty(await two.Stores.Assignments.FindAsync(new("issuer", "somebody"), default));
            }

            await Assert.ThrowsAsync<InterchangeException>(() => two.ImportAsync(file));
            await two.ImportAsync(file, resumes: true);
            Assert.Equal(Lines(file)[1..], Lines(await two.ExportAsync())[1..]);
        }
    }

    [Fact]
    public async Task Export_ThatIsCutOffAnywhere_GoesOnBehindItsLastWholeBucket_AndEndsTheSame()
    {
        await using var one = await FilledAsync(11);
        var whole = await one.ExportAsync();
        var random = new Random(11);
        for (var i = 0; i < 20; i++)
        {
            using var file = new MemoryStream();
            file.Write(whole.AsSpan(0, random.Next(Lines(whole)[0].Length + 1, whole.Length)));
            file.Position = 0;
            var (point, isWhole) = await ExportResumption.FindAsync(file, default);
            Assert.False(isWhole);
            file.SetLength(point?.Length ?? 0);
            file.Position = file.Length;

            await new StoreExport(one.Stores, new ExportOptions(), TimeProvider.System).RunAsync(file, point, static _ => { }, default);

            Assert.Equal(Lines(whole)[1..], Lines(file.ToArray())[1..]);
        }
    }

    [Fact]
    public async Task File_ThatIsDamaged_IsRefusedByTheNumberOfTheLine_AndNobodyIsLetIn()
    {
        await using var one = await FilledAsync(13);
        var lines = Lines(await one.ExportAsync());
        var random = new Random(13);
        await using var two = await TransferStore.CreateAsync();
        foreach (var at in Enumerable.Range(0, 12).Select(_ => random.Next(1, lines.Length - 1)))
        {
            foreach (var damaged in new[] { "", "{}", "[1]", lines[at][..^1], """{"t":"nothing"}""", lines[at][..^1] + "é" })
            {
                string[] changed = [.. lines[..at], damaged, .. lines[(at + 1)..]];
                var told = await Assert.ThrowsAsync<InterchangeException>(() => CheckAsync(changed));
                Assert.StartsWith($"Line {at + 1}", told.Message, StringComparison.Ordinal);
            }

            // A line that is left out is missed at the end at the latest.
            Assert.StartsWith("Line ", (await Assert.ThrowsAsync<InterchangeException>(() => CheckAsync([.. lines[..at], .. lines[(at + 1)..]]))).Message, StringComparison.Ordinal);
        }

        Assert.Contains("cut off", (await Assert.ThrowsAsync<InterchangeException>(() => CheckAsync(lines[..^1]))).Message, StringComparison.Ordinal);
        var newer = lines[0].Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal);
        Assert.Contains("Use a newer program", (await Assert.ThrowsAsync<InterchangeException>(() => CheckAsync([newer, .. lines[1..]]))).Message, StringComparison.Ordinal);

        // The id of a file becomes a part of a path.
        var id = JsonDocument.Parse(lines.First(static line => line.StartsWith("{\"t\":\"file\"", StringComparison.Ordinal))).RootElement.GetProperty("id").GetString()!;
        await Assert.ThrowsAsync<InterchangeException>(() => CheckAsync([.. lines.Select(line => line.Replace(id, "../../outside", StringComparison.Ordinal))]));

        // Not every database stores it.
        var withNul = await Assert.ThrowsAsync<InterchangeException>(() => CheckAsync([.. lines.Select(static line => line.Replace("\"name\":\"", "\"name\":\"\\u0000", StringComparison.Ordinal))]));
        Assert.EndsWith("its field 'name' has a NUL.", withNul.Message, StringComparison.Ordinal);

        // From a stream that is read only once, what came before stays held back.
        await Assert.ThrowsAsync<InterchangeException>(() => two.ImportAsync(Bytes(lines[..^1])));
        Assert.StartsWith("importing:", (await two.Stores.Accounts.FindAsync("alice", default))!.PasswordHash, StringComparison.Ordinal);
        await two.ImportAsync(Bytes(lines), resumes: true);
        Assert.Equal(lines[1..], Lines(await two.ExportAsync())[1..]);
    }

    [Fact]
    public async Task OneAccount_ComesIntoAStoreOfOthers_AndRightsOfWhoDoesNotComeAreLeftOut()
    {
        await using var one = await FilledAsync(17);
        var file = await one.ExportAsync("bob");
        await using var two = await TransferStore.CreateAsync();
        var alice = await two.Stores.Accounts.AddAsync("alice", "of another", new ServerTimestamp(1), default);

        await two.ImportAsync(file);

        Assert.Equal(alice, await two.Stores.Accounts.FindAsync("alice", default));
        var text = Encoding.UTF8.GetString(await two.ExportAsync("bob"));
        Assert.Contains("account:alice", Encoding.UTF8.GetString(file), StringComparison.Ordinal);
        Assert.DoesNotContain("account:alice", text, StringComparison.Ordinal);
        Assert.Equal(Buckets(file), Buckets(Encoding.UTF8.GetBytes(text)));
        var told = await Assert.ThrowsAsync<InterchangeException>(() => two.ImportAsync(file));
        Assert.Contains("there is an account 'bob' here", told.Message, StringComparison.Ordinal);
        Assert.StartsWith("Line 2,", told.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("account", "there is an account 'carol@example.org' here")]
    [InlineData("row", "what it names is somebody's here, in the table 'keyed_accounts'")]
    [InlineData("store", "the user 'somebody' has, or had, a Sync storage here")]
    public async Task WhatIsTaken_IsNamedByItsLine_ThoughManyLinesAreWrittenAtOnce_AndStaysAsItIs(string type, string why)
    {
        await using var one = await FilledAsync(19, steps: 80);
        var file = await one.ExportAsync();
        await using var two = await TransferStore.CreateAsync();
        switch (type)
        {
            case "account":
                await two.Stores.Accounts.AddAsync("carol@example.org", "of another", new ServerTimestamp(1), default);
                break;
            case "row":
                var other = new Account(0, "other@example.org", "hash", new ServerTimestamp(7), IsBeingDeleted: false);
                await two.Keyed.AddAsync(new KeyedAccount(other, new string('a', 32), "Other@example.org") { WrappedKey = "wrapped", Generation = 3, KeysChangedAt = 2, Created = new ServerTimestamp(7) }, [], null, default);
                break;
            default:
                await two.Stores.Assignments.GiveAsync(new("issuer", "somebody"), null, new UserKeys(4, "0123", 5), 0, null, new ServerTimestamp(9), default);
                break;
        }

        var before = await two.ExportAsync();
        var told = await Assert.ThrowsAsync<InterchangeException>(() => two.ImportAsync(file));

        Assert.Contains(why, told.Message, StringComparison.Ordinal);
        var line = Lines(file)[int.Parse(told.Message.Split(' ')[1].TrimEnd(','), CultureInfo.InvariantCulture) - 1];
        Assert.Contains(type switch { "account" => "\"carol@example.org\"", "row" => "\"keyed_accounts\"", _ => "\"somebody\"" }, line, StringComparison.Ordinal);
        Assert.StartsWith($"{{\"t\":\"{type}\"", line, StringComparison.Ordinal);
        Assert.False(await two.Stores.Transfer.HasHeldAsync(default));
        Assert.Equal(Lines(before)[1..], Lines(await two.ExportAsync())[1..]);
    }

    [Fact]
    public async Task Export_OfABucketThatIsWrittenToMeanwhile_ShowsOneStateOfIt()
    {
        // More than is read at once.
        const int Records = 30;
        const int RecordBytes = 200_000;
        await using var one = await TransferStore.CreateAsync();
        var alice = (await one.Stores.Accounts.AddAsync("alice", "hash", new ServerTimestamp(1), default))!;
        using var owners = new InProcessBuckets(one.Stores.Buckets, new BucketOptions(), TimeProvider.System);
        var caller = new Caller(new PrincipalSet("account:alice") { Account = alice.Ref }, BucketAccess.Own);
        var bucket = owners.Get(BucketId.DefaultBucket(one.Stores.DefaultBucketOf("account:alice", alice.Number)));
        var state = 0;

        async Task ChangeAllAsync()
        {
            var body = Encoding.UTF8.GetBytes($$"""{"state":{{++state}},"pad":"{{new string('x', RecordBytes)}}"}""");
            var puts = Enumerable.Range(0, Records).Select(i => new PutRecord(new ObjectRef(ListRef.RecordsOf("tasks"), $"r{i:00}"), body));
            var answer = await bucket.ExecuteAsync(new BucketRequest(caller, [new PutRecord(ObjectRef.Collection("tasks"), Encoding.UTF8.GetBytes("{}")), .. puts]), default);
            Assert.All(answer.Outcomes, static outcome => Assert.IsType<RecordWritten>(outcome));
        }

        await ChangeAllAsync();
        using var output = new WatchedStream(async line =>
        {
            if (line % 12 == 0)
            {
                await ChangeAllAsync();
            }
        });
        await new StoreExport(one.Stores, new ExportOptions { Program = "test", Source = "test" }, TimeProvider.System).RunAsync(output, from: null, static _ => { }, default);

        Assert.InRange(state, 3, 20);
        var shown = Lines(output.ToArray()).Where(static line => line.Contains("\"state\":", StringComparison.Ordinal)).Select(static line => line.Split("\"state\":")[1].Split(',')[0]).ToList();
        Assert.Equal(Records, shown.Count);
        Assert.Single(shown.Distinct());
        await using var two = await TransferStore.CreateAsync();
        // With the collection and the bucket.
        Assert.Equal(Records + 2, (await two.ImportAsync(output.ToArray())).Records);
    }

    private static async Task<TransferStore> FilledAsync(int seed, int steps = Steps)
    {
        var store = await TransferStore.CreateAsync();
        await new RandomContent(store, seed).FillAsync(steps);
        return store;
    }

    private static async Task CheckAsync(string[] lines)
    {
        using var input = new MemoryStream(Bytes(lines));
        await StoreImport.CheckAsync(input, 0, static _ => { }, default);
    }

    private static string[] Lines(byte[] file) => Encoding.UTF8.GetString(file).Split('\n')[..^1];

    private static byte[] Bytes(string[] lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(static line => line + "\n")));

    private static string[] Buckets(byte[] file) => [.. Lines(file).Where(static line => line.StartsWith("{\"t\":\"bucket\"", StringComparison.Ordinal))];

    /// <summary>Has something done before each line that is written.</summary>
    private sealed class WatchedStream(Func<int, Task> before) : MemoryStream
    {
        private int lines;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await before(++lines);
            await base.WriteAsync(buffer, cancellationToken);
        }
    }
}
