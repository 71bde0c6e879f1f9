using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>Answers find room before anything is loaded for them, and bodies of many values before they are taken apart.</summary>
public sealed class AnswerRoomTests
{
    private const int RecordBytes = 50_000;
    private static readonly string Body = $$$"""{"data":{"a":"{{{new string('x', RecordBytes - 10)}}}"}}""";

    private static readonly string Many = $$$"""{"data":{"a":[{{{string.Join(',', Enumerable.Repeat("[]", 40_000))}}}]}}""";

    [Fact]
    public async Task Reads_AndBodiesOfManyValues_WithoutRoom_Are503WithRetryAfter_AndLoadNothing()
    {
        CountingStore store = null!;
        var server = await KintoServer.StartAsync(Small, inner => store = new CountingStore(inner));
        try
        {
            using var client = await server.NewUserAsync();
            Assert.Equal(201, (await client.PutAsync(KintoClient.Records + "/a", Body)).Status);
            using var held = server.Services.GetRequiredService<Admission>().RoomForAnswer("somebody");
            held.Keep(1_000_000);
            var admission = server.Services.GetRequiredService<Admission>();
            using var parsed = (await admission.TryParseAsync("somebody", 128 << 20, CancellationToken.None))!.Value;
            var many = client.PutAsync(KintoClient.Records + "/many", Many);
            var patch = client.SendAsync("PATCH", KintoClient.Records + "/a", $$"""[{"op":"test","path":"/data","value":{{Many}}}]""", ("Content-Type", "application/json-patch+json"));
            var reads = store.Reads.Count;
            var page = client.GetAsync(KintoClient.Records);
            var record = client.GetAsync(KintoClient.Records + "/a");
            var batch = client.PostAsync("/batch", Batch(25));
            var buckets = client.GetAsync("/buckets?_sort=a");

            foreach (var answer in await Task.WhenAll(page, record, batch, buckets, many, patch))
            {
                answer.AssertError(503, KintoErrno.Backend);
                Assert.Equal("3", answer.Headers["Retry-After"]);
            }

            Assert.Equal(reads, store.Reads.Count);

            // What tells of a change is told.
            Assert.Equal(200, (await client.DeleteAsync(KintoClient.Records + "/a")).Status);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Batch_OfReads_LoadsAFewAtATime_AndTellsOfThoseThatFindNoRoom()
    {
        CountingStore store = null!;
        var server = await KintoServer.StartAsync(Small, inner => store = new CountingStore(inner));
        try
        {
            using var client = await server.NewUserAsync();
            for (var i = 0; i < 25; i++)
            {
                Assert.Equal(201, (await client.PutAsync($"{KintoClient.Records}/r{i}", Body)).Status);
            }

            var answer = await client.PostAsync("/batch", Batch(25));

            Assert.Equal(200, answer.Status);
            var statuses = answer.Json.GetProperty("responses").EnumerateArray().Select(static part => part.GetProperty("status").GetInt32()).ToList();
            var found = statuses.TakeWhile(static status => status == 200).Count();
            Assert.InRange(found, 2, 10);
            Assert.All(statuses.Skip(found), static status => Assert.Equal(503, status));
            Assert.InRange(store.MostRead, 1, 3);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static Silo.Hosting.LockstepOptions Small(Silo.Hosting.LockstepOptions options) => options with
    {
        Http = options.Http with { MaxAnswerBytes = 1_000_000 },
        Kinto = options.Kinto with { MaxRecordBytes = RecordBytes + 10, MaxPageBytes = 2 * RecordBytes },
    };

    private static string Batch(int parts) => "{\"requests\":[" + string.Join(
        ',', Enumerable.Range(0, parts).Select(static i => $$"""{"method":"GET","path":"{{KintoClient.Records}}/r{{i}}"}""")) + "]}";

    private sealed class CountingStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        private int mostRead;

        public Tally Reads { get; } = new();

        public int MostRead => mostRead;

        public override async ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken)
        {
            Reads.Add();
            mostRead = Math.Max(mostRead, keys.Count);
            return await base.ReadAsync(bucket, keys, projection, cancellationToken);
        }

        public override ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            Reads.Add();
            return base.ScanAsync(scan, cancellationToken);
        }
    }
}
