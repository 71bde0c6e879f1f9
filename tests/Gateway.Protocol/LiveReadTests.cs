using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using System.Threading.Channels;
using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Kinto.Live;
using Lockstep.Gateway.Metering;
using Lockstep.Gateway.Routing;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;

namespace Lockstep.Gateway.Protocol;

/// <summary>What streams read, while others write at the worst moment.</summary>
public sealed class LiveReadTests(KintoServer server) : IClassFixture<KintoServer>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan HalfAMinute = TimeSpan.FromSeconds(30);

    private readonly FakeTime time = new();

    [Fact]
    public async Task Write_BetweenTheReadsOfTwoLists_IsToldBeforeWhatIsNewer()
    {
        // :: Step 1: a bucket with another stream, that was told of something; what follows waits to be merged.
        var target = KintoTarget.OfBucket(new Principal("account:reader", "reader", Guid.NewGuid().ToString()), KintoTarget.Default);
        var buckets = new Interrupted(server.Services.GetRequiredService<IBuckets>());
        await WriteAsync(buckets, target, "a", "before");
        await WriteAsync(buckets, target, "b", "before");
        var live = Services(buckets);
        var signal = new LiveSignal();
        using var other = live.Subscriptions.Listen(target.Bucket, collection: null, target.Caller, signal);
        await signal.WaitAsync(Deadline, TimeProvider.System, CancellationToken.None);
        Assert.True(other.IsTold);

        // :: Step 2: a stream of two lists, of which the first is read, and written to before the second is read.
        buckets.AfterFirstRead = async () =>
        {
            await WriteAsync(buckets, target, "a", "first");
            await WriteAsync(buckets, target, "b", "second");
        };
        await using var stream = await OpenAsync(live, target, ["a", "b"]);

        // :: Step 3: both are told, in their order.
        var text = await stream.UntilAsync("/second");
        Assert.InRange(text.IndexOf("/first", StringComparison.Ordinal), 0, text.IndexOf("/second", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Notices_ThatNameCollections_MakeOnlyTheseBeRead_AndTheCheckMakesUpForOneThatWasLost()
    {
        const int Writes = 20;
        var target = KintoTarget.OfBucket(new Principal("account:reader", "reader", Guid.NewGuid().ToString()), KintoTarget.Default);
        var buckets = new Interrupted(server.Services.GetRequiredService<IBuckets>());
        foreach (var collection in new[] { "a", "b", "c" })
        {
            await WriteAsync(buckets, target, collection, "before");
        }

        var feed = new Scripted();
        var live = Services(buckets, feed, TimeSpan.Zero);
        await using var stream = await OpenAsync(live, target, ["a", "b", "c"]);
        await feed.AnswerAsync(new ChangeNotice(new FeedPosition(1, 1), default, null), TimeSpan.Zero, time);

        // :: Step 1: what is told of one list is read there. All lists are looked at when the stream begins, and when its watch does.
        for (var i = 1; i <= Writes; i++)
        {
            var stamp = await WriteAsync(buckets, target, "a", $"n{i:00}");
            await feed.AnswerAsync(new ChangeNotice(new FeedPosition(1, 1 + i), stamp, ["a"]), TimeSpan.Zero, time);
            await stream.UntilAsync($"/n{i:00}\"");
        }

        Assert.InRange(buckets.ReadsOf("a"), Writes, int.MaxValue);
        Assert.InRange(buckets.ReadsOf("b"), 1, Writes / 2);
        Assert.InRange(buckets.ReadsOf("c"), 1, Writes / 2);

        // :: Step 2: what nobody has told of is found at the check, and nothing is told again.
        await WriteAsync(buckets, target, "b", "lost");
        var text = await stream.UntilAsync("/lost\"", () => time.Advance(TimeSpan.FromMinutes(1)));
        Assert.DoesNotContain("/n", text, StringComparison.Ordinal);
    }

    /// <summary>By chance: writes to several lists, and notices that come at once, late, or one for many, while the stream looks whenever it does.</summary>
    [Fact]
    public async Task Notices_OfWhichSomeComeLateAndOthersTogether_LeaveNothingOut_AndNothingIsToldTwice()
    {
        const int Histories = 8;
        const int Writes = 40;
        string[] collections = ["a", "b", "c", "d"];
        for (var seed = 1; seed <= Histories; seed++)
        {
            var random = new Random(seed);
            var target = KintoTarget.OfBucket(new Principal("account:reader", "reader", Guid.NewGuid().ToString()), KintoTarget.Default);
            var buckets = new Interrupted(server.Services.GetRequiredService<IBuckets>());
            foreach (var collection in collections)
            {
                await WriteAsync(buckets, target, collection, "before");
            }

            var (feed, changed, told, position) = (new Scripted(), new HashSet<string>(StringComparer.Ordinal), new List<string>(), 1);
            await using var stream = await OpenAsync(Services(buckets, feed, TimeSpan.Zero), target, collections);
            await feed.AnswerAsync(new ChangeNotice(new FeedPosition(1, position), default, null), TimeSpan.Zero, time);
            for (var i = 1; i <= Writes; i++)
            {
                var collection = collections[random.Next(collections.Length)];
                var stamp = await WriteAsync(buckets, target, collection, $"n{i}");
                changed.Add(collection);
                told.Add($"{stamp}");
                if (i == Writes || random.Next(3) > 0)
                {
                    await feed.AnswerAsync(new ChangeNotice(new FeedPosition(1, ++position), stamp, [.. changed]), TimeSpan.Zero, time);
                    changed.Clear();
                }
            }

            var text = await stream.UntilAsync($"id: {told[^1]}\n");
            Assert.Equal(told, text.Split('\n').Where(static line => line.StartsWith("id: ", StringComparison.Ordinal)).Select(static line => line[4..]).Skip(1));
        }
    }

    [Fact]
    public async Task Streams_OfSeveralUsersWhoMayReadAllOfAList_ShareItsReads()
    {
        const int Writes = 20;
        const int Users = 5;
        var name = $"shared-{Guid.NewGuid():N}";
        var buckets = new Interrupted(server.Services.GetRequiredService<IBuckets>());
        var targets = Enumerable.Range(0, Users).Select(i => KintoTarget.OfBucket(new Principal($"account:u{i}", $"u{i}", $"d{i}") { Ref = new(1_000 + i, default) }, name)).ToList();
        using var author = await server.NewUserAsync();
        Assert.Equal(201, (await author.PutAsync($"/buckets/{name}", """{"permissions":{"read":["system.Authenticated"]}}""")).Status);
        Assert.Equal(201, (await author.PutAsync($"/buckets/{name}/collections/a", "{}")).Status);
        Assert.Equal(201, (await author.PutAsync($"/buckets/{name}/collections/a/records/before", """{"data":{}}""")).Status);
        var feed = new Scripted();
        var live = Services(buckets, feed, TimeSpan.Zero);
        var streams = new List<Reader>();
        foreach (var target in targets)
        {
            streams.Add(await OpenAsync(live, target, ["a"]));
        }

        await feed.AnswerAsync(new ChangeNotice(new FeedPosition(1, 1), default, null), TimeSpan.Zero, time);
        for (var i = 1; i <= Writes; i++)
        {
            var stamp = (await author.PutAsync($"/buckets/{name}/collections/a/records/n{i:00}", """{"data":{}}""")).Stamp;
            await feed.AnswerAsync(new ChangeNotice(new FeedPosition(1, 1 + i), new(stamp), ["a"]), TimeSpan.Zero, time);
            foreach (var stream in streams)
            {
                Assert.Contains($"id: {stamp}\n", await stream.UntilAsync($"/n{i:00}\""), StringComparison.Ordinal);
            }
        }

        // One each, and those with which the streams begin.
        Assert.InRange(buckets.ReadsOf("a"), Writes, Writes + (4 * Users));
        foreach (var stream in streams)
        {
            await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task Lists_WhosePagesHaveNoRoomBesideEachOther_AreToldInTheOrderOfTheirStamps()
    {
        const int Collections = 14;
        const int Each = 2;
        var target = KintoTarget.OfBucket(new Principal("account:reader", "reader", Guid.NewGuid().ToString()), KintoTarget.Default);
        var buckets = new Interrupted(server.Services.GetRequiredService<IBuckets>());
        var stamps = new List<string>();
        for (var i = 0; i < Collections * Each; i++)
        {
            stamps.Add($"{await WriteAsync(buckets, target, $"c{i % Collections}", $"n{i}")}");
        }

        // Room for one record of the greatest size at a time. The clock stands still: who waited for room would wait for ever.
        var live = Services(buckets, new Scripted(), TimeSpan.Zero, new Admission(new HttpOptions { MaxAnswerBytes = 3 << 20 }, server.Services.GetRequiredService<GatewayMetrics>(), time));
        await using var stream = await OpenAsync(live, target, [.. Enumerable.Range(0, Collections).Select(i => $"c{i}")], from: ServerTimestamp.Zero);

        var text = await stream.UntilAsync($"id: {stamps[^1]}\n");
        Assert.Equal(["0", .. stamps], text.Split('\n').Where(static line => line.StartsWith("id: ", StringComparison.Ordinal)).Select(static line => line[4..]));
    }

    /// <summary>A stream that is followed from now on.</summary>
    private async Task<Reader> OpenAsync(LiveServices live, KintoTarget target, IReadOnlyList<string> collections, ServerTimestamp? from = null)
    {
        var tells = new LiveTarget(target, [.. collections.Select(collection => LiveSource.Of(target.Records(collection)))], IsWhole: false);
        var stream = new LiveStream(live, Request(), [new BucketTeller(live, Request(), tells, fields: null)]);
        Assert.Null(await stream.OpenAsync(from is { } stamp ? [stamp] : null, CancellationToken.None));
        return new Reader(stream);
    }

    [Fact]
    public async Task Subscription_WhoseWatchIsNew_MakesStreamsLookOnceMore()
    {
        var feed = new Scripted();
        var subscriptions = new BucketSubscriptions(
            feed, Options(TimeSpan.Zero), server.Services.GetRequiredService<GatewayMetrics>(), time, NullLogger<BucketSubscription>.Instance);
        var signal = new LiveSignal();
        using var listener = subscriptions.Listen(BucketId.Named("b"), collection: null, default, signal);
        var answer = new ChangeNotice(new FeedPosition(1, 1), default, null);
        await feed.AnswerAsync(answer, HalfAMinute, time);
        await signal.WaitAsync(Deadline, TimeProvider.System, CancellationToken.None);
        Assert.True(listener.IsTold);
        listener.Take();

        await feed.AnswerAsync(answer, HalfAMinute, time);
        await signal.WaitAsync(Deadline, TimeProvider.System, CancellationToken.None);
        Assert.True(listener.IsTold);
        listener.Take();

        await feed.AnswerAsync(answer, HalfAMinute, time);
        await feed.AnswerAsync(answer, HalfAMinute, time);
        Assert.False(listener.IsTold);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task Subscription_WhoseFeedFails_MakesStreamsLook_AndOnlyAFaultOfTheProgramIsLogged(bool isFault, int logged)
    {
        Exception failure = isFault ? new InvalidOperationException("a bug") : new LiveFeedException("A silo is away.");
        var (feed, log) = (new Scripted(), new FakeLogger<BucketSubscription>());
        var subscriptions = new BucketSubscriptions(feed, Options(TimeSpan.Zero), server.Services.GetRequiredService<GatewayMetrics>(), time, log);
        var signal = new LiveSignal();
        using var listener = subscriptions.Listen(BucketId.Named("b"), collection: null, default, signal);
        for (var failures = 1; failures <= 3; failures++)
        {
            await feed.FailAsync(failure);
            await signal.WaitAsync(Deadline, TimeProvider.System, CancellationToken.None);
            Assert.True(listener.IsTold);
            listener.Take();
            await time.Timers.ReachesAsync(failures);
            time.Advance(HalfAMinute);
        }

        Assert.Equal(Enumerable.Repeat((96, LogLevel.Error, (Exception?)failure), logged), log.Collector.GetSnapshot().Select(static line => (line.Id.Id, line.Level, line.Exception)));
    }

    [Fact]
    public async Task Identity_ThatCannotBeAskedFor_IsGoodStill()
    {
        var live = Services(server.Services.GetRequiredService<IBuckets>());
        var identity = live.IdentityOf(Request() with
        {
            Principal = new Principal("account:reader", "reader", "x"),
            Header = static name => name is "Authorization" ? "Basic eDp5" : null,
            SignInAsync = static (_, _) => throw new StoreUnavailableException("It is away."),
        });
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.True(await identity.IsGoodAsync(CancellationToken.None));
    }

    private KintoOptions Options(TimeSpan mergeTime)
    {
        var options = server.Services.GetRequiredService<KintoOptions>();
        return options with { Live = options.Live with { MergeTime = mergeTime, MaxTime = TimeSpan.FromDays(100_000) } };
    }

    /// <summary>As of the server, on a clock that stands still: nothing that is told a second time comes through.</summary>
    private LiveServices Services(IBuckets buckets) => Services(buckets, server.Services.GetRequiredService<ILiveFeed>(), TimeSpan.FromHours(1));

    private LiveServices Services(IBuckets buckets, ILiveFeed feed, TimeSpan mergeTime, Admission? admission = null)
    {
        var services = server.Services;
        var (options, metrics) = (Options(mergeTime), services.GetRequiredService<GatewayMetrics>());
        return new LiveServices(
            new BucketSubscriptions(feed, options, metrics, time, NullLogger<BucketSubscription>.Instance),
            new SharedReads(buckets, admission ?? services.GetRequiredService<Admission>(), services.GetRequiredService<AnswerSizes>(), metrics, time),
            services.GetRequiredService<LiveTickets>(),
            options,
            metrics,
            time);
    }

    private KintoRequest Request() => new()
    {
        Method = "GET",
        Path = RequestPath.OfDecoded("/"),
        Query = QueryParameters.None,
        Header = static _ => null,
        SignInAsync = static (_, _) => ValueTask.FromResult(SignIn.Anonymous),
        BaseUrl = "http://localhost/v1",
        Who = "reader",
        Room = server.Services.GetRequiredService<Admission>().RoomForAnswer("reader"),
    };

    private static async Task<ServerTimestamp> WriteAsync(Interrupted buckets, KintoTarget target, string collection, string id) =>
        Assert.IsType<RecordWritten>(await buckets.DoAsync(target, new PutRecord(ObjectRef.Record(collection, id), "{}"u8.ToArray()))).Record.Modified;

    /// <summary>What a client of a stream is sent.</summary>
    private sealed class Reader : IAsyncDisposable
    {
        private readonly Pipe pipe = new();
        private readonly CancellationTokenSource end = new();
        private readonly Task running;

        public Reader(LiveStream stream) => running = stream.RunAsync(pipe.Writer, end.Token).AsTask();

        /// <returns>What came, up to a text that has to come.</returns>
        /// <param name="last">The text.</param>
        /// <param name="meanwhile">What is done while nothing comes.</param>
        public async Task<string> UntilAsync(string last, Action? meanwhile = null)
        {
            var text = new StringBuilder();
            using var deadline = new CancellationTokenSource(Deadline);
            while (!text.ToString().Contains(last, StringComparison.Ordinal))
            {
                var reading = pipe.Reader.ReadAsync(deadline.Token).AsTask();
                while (meanwhile is not null && !reading.IsCompleted && !deadline.IsCancellationRequested)
                {
                    meanwhile();
                    await Task.Yield();
                }

                var read = await reading;
                text.Append(Encoding.UTF8.GetString(read.Buffer));
                pipe.Reader.AdvanceTo(read.Buffer.End);
            }

            return text.ToString();
        }

        public async ValueTask DisposeAsync()
        {
            await end.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
            end.Dispose();
        }
    }

    /// <summary>Something happens once, after a stream has read a list and before it hears of it.</summary>
    private sealed class Interrupted(IBuckets inner) : IBuckets
    {
        private readonly ConcurrentDictionary<string, int> reads = new(StringComparer.Ordinal);
        private Func<Task>? afterFirstRead;

        /// <summary>How often a collection's changes were asked for.</summary>
        public int ReadsOf(string collection) => reads.GetValueOrDefault(collection);

        public async Task<Outcome> DoAsync(KintoTarget target, Operation operation) =>
            (await Get(target.Bucket).ExecuteAsync(new BucketRequest(target.Caller, [operation]), CancellationToken.None)).Outcomes[0];

        public Func<Task> AfterFirstRead
        {
            set => afterFirstRead = value;
        }

        public IBucket Get(BucketId id) => new Bucket(this, inner.Get(id));

        private sealed class Bucket(Interrupted buckets, IBucket inner) : IBucket
        {
            public async ValueTask<BucketResponse> ExecuteAsync(BucketRequest request, CancellationToken cancellationToken)
            {
                var response = await inner.ExecuteAsync(request, cancellationToken);
                if (request.Operations[^1] is ListRecords { Query.Since: not null } list)
                {
                    buckets.reads.AddOrUpdate(list.List.Name, 1, static (_, count) => count + 1);
                }

                if (request.Operations[^1] is ListRecords { Query.Since: not null } && Interlocked.Exchange(ref buckets.afterFirstRead, null) is { } interrupt)
                {
                    await interrupt();
                }

                return response;
            }
        }
    }

    /// <summary>Answers as the test says.</summary>
    private sealed class Scripted : ILiveFeed
    {
        private readonly Channel<TaskCompletionSource<ChangeNotice>> asked = Channel.CreateUnbounded<TaskCompletionSource<ChangeNotice>>();

        public async ValueTask<ChangeNotice> NextAsync(BucketId bucket, FeedPosition seen, CancellationToken cancellationToken)
        {
            var answer = new TaskCompletionSource<ChangeNotice>(TaskCreationOptions.RunContinuationsAsynchronously);
            asked.Writer.TryWrite(answer);
            return await answer.Task.WaitAsync(cancellationToken);
        }

        /// <summary>Fails the next question.</summary>
        public async Task FailAsync(Exception failure) => (await asked.Reader.ReadAsync().AsTask().WaitAsync(Deadline)).SetException(failure);

        /// <summary>Answers the next question, after so long.</summary>
        public async Task AnswerAsync(ChangeNotice notice, TimeSpan after, FakeTime time)
        {
            var answer = await asked.Reader.ReadAsync().AsTask().WaitAsync(Deadline);
            time.Advance(after);
            answer.SetResult(notice);
        }
    }
}
