using System.Diagnostics;
using Lockstep.Cluster.Chaos.Load.Sharing;
using Lockstep.Cluster.Chaos.Load.Sync;
using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>Two accounts with Kinto's clients of all kinds, over enough buckets that every silo owns some; what they share; and users of Sync beside them.</summary>
internal sealed class ClusterLoad : IAsyncDisposable
{
    private const int BucketsEach = 5;
    private const int RegisterWriters = 3;
    private const int SyncUsers = 3;
    private const long MaxUid = 9_999_999_999;
    private const string SyncCollection = "bookmarks";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource ended = new();
    private readonly List<ApiClient> accounts = [];
    private readonly List<SyncApi> users = [];
    private readonly List<BucketJournal> journals = [];
    private readonly List<IPoller> pollers = [];
    private readonly List<Registers> registers = [];
    private readonly List<KeptHistory> histories = [];
    private readonly List<Task> clients = [];

    private ClusterLoad()
    {
    }

    public Verdicts Verdicts { get; } = new();

    public int RegisterWrites => registers.Sum(static register => register.Writes);

    /// <param name="entrances">Where clients come in.</param>
    /// <param name="pause">How long each client pauses between requests.</param>
    /// <param name="withSync">Whether all members serve Sync and streams of changes, whose silos know of each other, and know how to share.</param>
    /// <param name="withHistory">Whether all members keep the history of buckets that want it kept.</param>
    public static async Task<ClusterLoad> StartAsync(IReadOnlyList<Entrance> entrances, TimeSpan pause, bool withSync, bool withHistory)
    {
        var load = new ClusterLoad();
        var run = $"{Random.Shared.Next():x}";
        foreach (var name in (string[])["alice", "bob"])
        {
            await load.AddAccountAsync($"{name}-{run}", entrances, withHistory);
        }

        load.StartClients(pause);
        if (withSync)
        {
            await load.StartSharingAsync($"shared-{run}", pause);
            load.StartFollowers(entrances);
        }

        for (var user = 0; withSync && user < SyncUsers; user++)
        {
            load.StartSyncClients(Random.Shared.NextInt64(1, MaxUid), entrances, pause);
        }

        return load;
    }

    /// <summary>Every bucket has been written again and every poller answered again, by requests that began from now on or were under way.</summary>
    public async Task ServedAgainAsync(int writes = 3)
    {
        var (written, polled) = (journals.Select(journal => journal.Acknowledged + writes).ToList(), pollers.Select(poller => poller.Polls + 2).ToList());
        var begun = Stopwatch.GetTimestamp();
        while (journals.Where((journal, i) => journal.Acknowledged < written[i]).Any() || pollers.Where((poller, i) => poller.Polls < polled[i]).Any())
        {
            await Task.WhenAll(clients.Where(static client => client.IsFaulted));
            Assert.True(Stopwatch.GetElapsedTime(begun) < Deadline, $"Not served within {Deadline}: {string.Join(' ', journals.Where((journal, i) => journal.Acknowledged < written[i]).Select(static journal => journal.Bucket))} {string.Join(' ', pollers.Where((poller, i) => poller.Polls < polled[i]).Select(static poller => poller.Name))} {Verdicts}");
            await RealTime.PassAsync(Look);
        }
    }

    /// <summary>Ends the clients, and looks at all that is stored.</summary>
    public async Task FinishAsync()
    {
        await ended.CancelAsync();
        await Task.WhenAll(clients);
        using var patience = new CancellationTokenSource(Deadline);
        await Task.WhenAll(pollers.Select(poller => poller.CheckStoredAsync(patience.Token)));
        await Task.WhenAll(histories.Select(history => history.CheckAsync(patience.Token)));
        registers.ForEach(register => register.Check(Verdicts));
        Verdicts.AssertKept();
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await Task.WhenAll(clients).ContinueWith(static _ => { }, TaskScheduler.Default);
        accounts.ForEach(static account => account.Dispose());
        users.ForEach(static user => user.Dispose());
        ended.Dispose();
    }

    private async Task AddAccountAsync(string name, IReadOnlyList<Entrance> entrances, bool withHistory)
    {
        var account = new ApiClient(name, entrances, Verdicts);
        accounts.Add(account);
        await account.RegisterAsync();

        // The bucket that each account has under the same name, too.
        journals.Add(NewJournal(name, "default"));
        for (var i = 1; i < BucketsEach; i++)
        {
            var bucket = $"{name}-{i}";
            var isKept = withHistory && i % 2 == 1;
            await MakeAsync(account, $"/v1/buckets/{bucket}", isKept ? """{"data":{"history":true}}""" : null);
            await MakeAsync(account, $"/v1/buckets/{bucket}/collections/chaos");
            journals.Add(NewJournal(name, bucket));
            if (isKept)
            {
                histories.Add(new KeptHistory(account, journals[^1], Verdicts));
            }
        }
    }

    private BucketJournal NewJournal(string owner, string bucket) => new(owner, bucket, $"/v1/buckets/{bucket}/collections/chaos/records", hasTombstones: true, Verdicts);

    private static async Task MakeAsync(ApiClient account, string path, string? json = null)
    {
        var answer = await account.SendAsync("PUT", path, json);
        for (var tries = 0; answer.Fate is Fate.Refused && tries < 20; tries++)
        {
            await Pace.PauseAsync(answer, Look, CancellationToken.None);
            answer = await account.SendAsync("PUT", path, json);
        }

        Assert.True(answer.IsSuccess, $"{path}: {answer.Status} {answer.Body}");
    }

    private void StartClients(TimeSpan pause)
    {
        foreach (var (journal, i) in journals.Select(static (journal, i) => (journal, i)))
        {
            var account = accounts.Single(account => account.Name == journal.Owner);
            Run(new Writer(account, journal, "w", pause).RunAsync);
            var poller = new Poller(account, journal, Verdicts, $"poller{i}", pause);
            pollers.Add(poller);
            Run(poller.RunAsync);
            if (i % 2 == 0)
            {
                var shared = new Registers($"reg{i}");
                registers.Add(shared);
                for (var writer = 0; writer < RegisterWriters; writer++)
                {
                    Run(new RegisterWriter(account, journal, shared, $"r{writer}", pause).RunAsync);
                }
            }
        }

        foreach (var account in accounts)
        {
            Run(new Newcomer(account, [.. journals.Where(journal => journal.Owner == account.Name)], pause).RunAsync);
            Run(new Stranger(account, [.. journals.Where(journal => journal.Owner != account.Name && journal.Bucket != "default")], Verdicts, pause * 4).RunAsync);
        }
    }

    /// <summary>One list of each account, of which the other one sees a part.</summary>
    private async Task StartSharingAsync(string name, TimeSpan pause)
    {
        foreach (var (owner, guest) in new[] { (accounts[0], accounts[1]), (accounts[1], accounts[0]) })
        {
            var list = new SharedList($"{name}-{owner.Name}", guest.Name);
            await MakeAsync(owner, list.Path);
            await MakeAsync(owner, list.Collection);
            await MakeAsync(owner, list.Group, """{"data":{"members":[]}}""");
            Run(new Giver(owner, list, pause).RunAsync);
            var poller = new Guest(guest, owner, list, Verdicts, pause);
            pollers.Add(poller);
            Run(poller.RunAsync);
        }
    }

    /// <summary>Beside the pollers of some lists.</summary>
    private void StartFollowers(IReadOnlyList<Entrance> entrances)
    {
        foreach (var (journal, i) in journals.Select(static (journal, i) => (journal, i)).Where(static one => one.i % 2 == 0))
        {
            var follower = new Follower(accounts.Single(account => account.Name == journal.Owner), entrances, journal, Verdicts, $"follower{i}");
            pollers.Add(follower);
            Run(follower.RunAsync);
        }
    }

    private void StartSyncClients(long uid, IReadOnlyList<Entrance> entrances, TimeSpan pause)
    {
        var api = new SyncApi(uid, entrances, Verdicts);
        users.Add(api);
        var journal = new BucketJournal(api.Name, api.Name, $"/storage/{SyncCollection}", hasTombstones: false, Verdicts);
        journals.Add(journal);
        foreach (var writer in (string[])["w0", "w1"])
        {
            Run(new SyncWriter(api, journal, writer, pause).RunAsync);
        }

        var poller = new SyncPoller(api, journal, SyncCollection, Verdicts, $"{api.Name}'s poller", pause);
        pollers.Add(poller);
        Run(poller.RunAsync);
        var shared = new Registers($"{api.Name}-reg");
        registers.Add(shared);
        for (var writer = 0; writer < RegisterWriters; writer++)
        {
            Run(new SyncRegisterWriter(api, journal, shared, $"r{writer}", pause).RunAsync);
        }
    }

    private void Run(Func<CancellationToken, Task> client) => clients.Add(Task.Run(() => client(ended.Token)));
}
