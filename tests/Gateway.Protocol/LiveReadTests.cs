using System.IO.Pipelines;
using System.Text;
using System.Threading.Channels;
using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Kinto.Live;
using Lockstep.Gateway.Metering;
using Lockstep.Gateway.Routing;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>What streams read, while others write at the worst moment.</summary>
public sealed class LiveReadTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan HalfAMinute = TimeSpan.FromSeconds(30);

    private readonly KintoServer server = new();
    private readonly FakeTime time = new();

    public Task InitializeAsync() => server.InitializeAsync();

    public Task DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Write_BetweenTheReadsOfTwoLists_IsToldBeforeWhatIsNewer()
    {
        // :: Step 1: a bucket with another stream, that was told of something; what follows waits to be merged.
        var target = KintoTarget.OfBucket(new Principal("account:reader", "reader", Guid.NewGuid().ToString()), KintoTarget.Default);
        var buckets = new Interrupted(server.Services.GetRequiredService<IBuckets>());
        await WriteAsync(buckets, target, "a", "before");
        await WriteAsync(buckets, target, "b", "before");
        var live = Services(buckets);
        using var other = live.Subscriptions.Listen(target.Bucket, collection: null);
        Assert.True(await other.WaitAsync(Deadline, TimeProvider.System, CancellationToken.None));

        // :: Step 2: a stream of two lists, of which the first is read, and written to before the second is read.
        buckets.AfterFirstRead = async () =>
        {
            await WriteAsync(buckets, target, "a", "first");
            await WriteAsync(buckets, target, "b", "second");
        };
        var stream = new LiveStream(live, Request(), target, [LiveSource.Of(target.Records("a")), LiveSource.Of(target.Records("b"))], isWhole: false, fields: null);
        Assert.Null(await stream.OpenAsync(from: null, CancellationToken.None));
        var pipe = new Pipe();
        using var end = new CancellationTokenSource();
        var running = stream.RunAsync(pipe.Writer, end.Token).AsTask();

        // :: Step 3: both are told, in their order.
        var text = await TextUntilAsync(pipe.Reader, "/second");
        Assert.InRange(text.IndexOf("/first", StringComparison.Ordinal), 0, text.IndexOf("/second", StringComparison.Ordinal));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Subscription_WhoseWatchIsNew_MakesStreamsLookOnceMore()
    {
        var feed = new Scripted();
        var subscriptions = new BucketSubscriptions(
            feed, Options(TimeSpan.Zero), server.Services.GetRequiredService<GatewayMetrics>(), time);
        using var listener = subscriptions.Listen(BucketId.Named("b"), collection: null);
        var answer = new ChangeNotice(new FeedPosition(1, 1), default, null);
        await feed.AnswerAsync(answer, HalfAMinute, time);
        Assert.True(await listener.WaitAsync(Deadline, TimeProvider.System, CancellationToken.None));
        listener.Take();

        await feed.AnswerAsync(answer, HalfAMinute, time);
        Assert.True(await listener.WaitAsync(Deadline, TimeProvider.System, CancellationToken.None));
        listener.Take();

        await feed.AnswerAsync(answer, HalfAMinute, time);
        await feed.AnswerAsync(answer, HalfAMinute, time);
        Assert.False(listener.IsTold);
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
        return options with { Live = options.Live with { MergeTime = mergeTime } };
    }

    /// <summary>As of the server, on a clock that stands still: nothing that is told a second time comes through.</summary>
    private LiveServices Services(IBuckets buckets)
    {
        var services = server.Services;
        var (options, metrics) = (Options(TimeSpan.FromHours(1)), services.GetRequiredService<GatewayMetrics>());
        return new LiveServices(
            new BucketSubscriptions(services.GetRequiredService<ILiveFeed>(), options, metrics, time),
            new SharedReads(buckets, services.GetRequiredService<Admission>(), services.GetRequiredService<AnswerSizes>(), metrics, time),
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

    private static async Task WriteAsync(Interrupted buckets, KintoTarget target, string collection, string id) => Assert.IsType<RecordWritten>(
        (await buckets.Get(target.Bucket).ExecuteAsync(new BucketRequest(target.Caller, [new PutRecord(ObjectRef.Record(collection, id), "{}"u8.ToArray())]), CancellationToken.None)).Outcomes[0]);

    private static async Task<string> TextUntilAsync(PipeReader reader, string end)
    {
        var text = new StringBuilder();
        using var deadline = new CancellationTokenSource(Deadline);
        while (!text.ToString().Contains(end, StringComparison.Ordinal))
        {
            var read = await reader.ReadAsync(deadline.Token);
            text.Append(Encoding.UTF8.GetString(read.Buffer));
            reader.AdvanceTo(read.Buffer.End);
        }

        return text.ToString();
    }

    /// <summary>Something happens once, after a stream has read a list and before it hears of it.</summary>
    private sealed class Interrupted(IBuckets inner) : IBuckets
    {
        private Func<Task>? afterFirstRead;

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

        /// <summary>Answers the next question, after so long.</summary>
        public async Task AnswerAsync(ChangeNotice notice, TimeSpan after, FakeTime time)
        {
            var answer = await asked.Reader.ReadAsync().AsTask().WaitAsync(Deadline);
            time.Advance(after);
            answer.SetResult(notice);
        }
    }
}
