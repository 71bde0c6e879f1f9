using System.Text.Json;
using Lockstep.Core.Owner;
using Lockstep.Core.Push;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Kinto.Push;
using Lockstep.Gateway.Metering;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lockstep.Gateway.Protocol;

/// <summary>What silos tell of buckets that a gateway writes to. The tests say when they look.</summary>
public sealed partial class PushTests
{
    [Fact]
    public async Task Change_OfABucket_IsToldOnce_ByTheSiloOfItsOwner()
    {
        using var service = new PushService();
        Assert.Equal(2, server.SiloServices.Count);
        using var one = NewNotices(server.SiloServices[0], service);
        using var other = NewNotices(server.SiloServices[1], service);
        var buckets = Enumerable.Range(0, PushServer.Most).Select(static number => $"b{number}-{Guid.NewGuid():N}").ToList();
        foreach (var bucket in buckets)
        {
            await alice.PutAsync($"/buckets/{bucket}", "{}");
            await alice.PutAsync($"/buckets/{bucket}/collections/c", "{}");
            Assert.Equal(201, (await alice.PutAsync($"/subscriptions/of-{bucket}", app.Body($"/buckets/{bucket}/collections/c"))).Status);
            Assert.Equal(201, (await alice.PutAsync($"/buckets/{bucket}/collections/c/records/a", """{"data":{}}""")).Status);
        }

        for (var looks = 0; looks < 2; looks++)
        {
            await Task.WhenAll(one.RunOnceAsync(CancellationToken.None), other.RunOnceAsync(CancellationToken.None));
        }

        Assert.Equal(
            buckets.Select(static bucket => $"of-{bucket}").Order(StringComparer.Ordinal),
            service.Sent.Select(sent => JsonDocument.Parse(app.Read(sent.Body)).RootElement.GetProperty("id").GetString()!).Order(StringComparer.Ordinal));
    }

    private static PushNotices NewNotices(IServiceProvider silo, PushService service)
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow());
        return new PushNotices(
            silo.GetRequiredService<InProcessBuckets>().Feed, silo.GetRequiredService<IPushStore>(), silo.GetRequiredService<PushUsers>(), silo.GetRequiredService<PushView>(),
            new PushSender(service, silo.GetRequiredService<VapidKey>(), PushServer.Push, time), silo.GetRequiredService<KintoOptions>(), silo.GetRequiredService<GatewayMetrics>(), time, NullLogger<PushNotices>.Instance);
    }
}
