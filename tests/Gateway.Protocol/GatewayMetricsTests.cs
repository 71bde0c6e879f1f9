using System.Diagnostics.Metrics;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Metering;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>What the HTTP side measures, through real requests.</summary>
public sealed class GatewayMetricsTests
{
    [Fact]
    public async Task SignIns_AreCountedByHowTheyEnded_ButNotThoseOfTheCache()
    {
        var server = await KintoServer.StartAsync(options => options with { Accounts = options.Accounts with { MaxFailures = 2 } });
        try
        {
            var meter = Meter(server);
            await server.AddAccountAsync("alice", "s3cr3t");
            using var alice = server.As("alice", "s3cr3t");
            using var wrong = server.As("alice", "wr0ng");
            using var anonymous = server.Anonymous();
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal(200, (await alice.GetAsync(KintoClient.Records)).Status);
                Assert.Equal(200, (await anonymous.GetAsync("/")).Status);
            }

            Assert.Equal(401, (await wrong.GetAsync(KintoClient.Records)).Status);
            Assert.Equal(401, (await wrong.GetAsync(KintoClient.Records)).Status);
            Assert.Equal(429, (await wrong.GetAsync(KintoClient.Records)).Status);

            Assert.Equal(1, meter.Observe<long>("lockstep.sign_ins", "succeeded"));
            Assert.Equal(2, meter.Observe<long>("lockstep.sign_ins", "refused"));
            Assert.Equal(1, meter.Observe<long>("lockstep.sign_ins", "throttled"));
            Assert.Equal(0, meter.Observe<long>("lockstep.sign_ins", "busy"));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Admission_ThatHasNoRoom_IsCountedByWhatWasShort()
    {
        var server = await KintoServer.StartAsync(options => options with
        {
            Http = options.Http with { MaxRequestBytes = 1000, MaxBufferedBytes = 4000, MaxAnswerBytes = 4000, MaxConcurrentRequests = 8 },
        });
        try
        {
            var meter = Meter(server);
            var admission = server.Services.GetRequiredService<Http.Admission>();
            var held = Enumerable.Range(0, 2).Select(_ => admission.TryEnter("alice")!.Value).ToList();
            Assert.Null(admission.TryEnter("alice"));
            held.ForEach(place => place.Dispose());
            using (var first = admission.TryReceive("alice")!)
            using (var second = admission.TryReceive("alice")!)
            {
                Assert.True(first.TryHold(900));
                Assert.False(second.TryHold(900));
            }

            using (var first = admission.RoomForAnswer("alice"))
            using (var second = admission.RoomForAnswer("alice"))
            {
                Assert.True(first.TryKeep(900));
                Assert.False(second.TryKeep(900));
            }

            foreach (var reason in new[] { "requests", "bodies", "answers" })
            {
                Assert.Equal(1, meter.Observe<long>("lockstep.http.refusals", reason));
            }
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [OneProcessFact("Housekeeping is the silo's, the metrics that are looked at are the gateway's.")]
    public async Task Housekeeping_ThatFails_IsCounted()
    {
        var time = new FakeTime();
        var purges = new Tally();
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = await KintoServer.StartAsync(decorate: inner => new UntidyStore(inner, purges, open.Task), time: time);
        try
        {
            var meter = Meter(server);
            open.SetResult();

            // The second round begins once the first one has ended.
            await purges.ReachesAsync(1);
            time.Advance(TimeSpan.FromSeconds(10));
            await purges.ReachesAsync(2);
            Assert.Equal(1, meter.Observe<long>("lockstep.housekeeping.failures"));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static Meter Meter(KintoServer server) => server.Services.GetRequiredService<GatewayMetrics>().Meter;

    /// <summary>Fails the first purge once it may, and never ends the second.</summary>
    private sealed class UntidyStore(IBucketStore inner, Tally purges, Task open) : DelegatingBucketStore(inner), IStoreMaintenance
    {
        public async ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken)
        {
            purges.Add();
            await (purges.Count == 1 ? open : new TaskCompletionSource().Task).WaitAsync(cancellationToken);
            throw new StoreUnavailableException("No.");
        }

        public ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) => ValueTask.FromResult(true);
    }
}
