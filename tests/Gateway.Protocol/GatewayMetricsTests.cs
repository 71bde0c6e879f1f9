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
            var held = Enumerable.Range(0, 2).Select(_ => admission.TryEnter("alice", 0)!.Value).ToList();
            Assert.Null(admission.TryEnter("alice", 0));
            held.ForEach(ticket => ticket.Dispose());
            using (admission.TryEnter("alice", 900))
            {
                Assert.Null(admission.TryEnter("alice", 900));
            }

            Assert.True(admission.TryAnswer("alice", 900));
            Assert.False(admission.TryAnswer("alice", 900));
            admission.EndAnswer("alice", 900);

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
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = await KintoServer.StartAsync(decorate: inner => new UntidyStore(inner, open.Task));
        try
        {
            var meter = Meter(server);
            open.SetResult();

            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (meter.Observe<long>("lockstep.housekeeping.failures") == 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
            }

            Assert.Equal(1, meter.Observe<long>("lockstep.housekeeping.failures"));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static Meter Meter(KintoServer server) => server.Services.GetRequiredService<GatewayMetrics>().Meter;

    private sealed class UntidyStore(IBucketStore inner, Task open) : DelegatingBucketStore(inner), IStoreMaintenance
    {
        public async ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken)
        {
            await open.WaitAsync(cancellationToken);
            throw new StoreUnavailableException("No.");
        }

        public ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) => ValueTask.FromResult(true);
    }
}
