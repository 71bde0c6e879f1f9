using System.Collections.Concurrent;

namespace Lockstep.Gateway.Protocol;

/// <summary>The promises to devices, over HTTP on the store as shipped.</summary>
[Collection(SharedServer.Name)]
public sealed class ConcurrencyTests(KintoServer server)
{
    [Fact]
    public async Task Writers64AndPollers4_OnOneCollection_NothingIsMissed()
    {
        const int writers = 64;
        const int writesEach = 15;
        using var client = await server.NewUserAsync();

        // Signed in once, so that not all of them wait for the same password to be hashed.
        Assert.Equal(200, (await client.GetAsync(KintoClient.Records)).Status);
        var stamps = new ConcurrentBag<long>();
        using var ended = new CancellationTokenSource();

        var pollers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var seen = new Dictionary<string, long>(StringComparer.Ordinal);
            long etag = 0;
            for (var last = false; ;)
            {
                var writersEnded = ended.IsCancellationRequested;
                var page = await client.GetAsync($"{KintoClient.Records}?_since=%22{etag}%22&_limit=40");
                while (true)
                {
                    Assert.Equal(200, page.Status);
                    Assert.True(page.Stamp >= etag, $"The ETag went back from {etag} to {page.Stamp}.");
                    foreach (var record in page.Data.EnumerateArray())
                    {
                        seen[record.GetProperty("id").GetString()!] = record.GetProperty("last_modified").GetInt64();
                    }

                    if (!page.Headers.TryGetValue("Next-Page", out var next))
                    {
                        break;
                    }

                    page = await client.GetAsync(new Uri(next).PathAndQuery["/v1".Length..]);
                }

                etag = page.Stamp;
                if (last)
                {
                    return seen;
                }

                last = writersEnded;
            }
        })).ToArray();

        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < writesEach; i++)
            {
                var answer = await client.PutAsync($"{KintoClient.Records}/w{writer}-{i}", """{"data":{"a":1}}""");
                Assert.Equal(201, answer.Status);
                stamps.Add(answer.Stamp);
            }
        })));
        await ended.CancelAsync();

        Assert.Equal(writers * writesEach, stamps.Distinct().Count());
        foreach (var seen in await Task.WhenAll(pollers))
        {
            Assert.Equal(stamps.Order(), seen.Values.Order());
        }
    }

    [Fact]
    public async Task Counter_IncrementedBy32DevicesWithIfMatch_EndsAtTheNumberOfSuccesses()
    {
        using var client = await server.NewUserAsync();
        const string counter = "/buckets/default/collections/counters/records/one";
        await client.PutAsync(counter, """{"data":{"n":0}}""");
        var successes = 0;

        await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(async () =>
        {
            for (var tries = 0; tries < 20; tries++)
            {
                var read = await client.GetAsync(counter);
                var next = read.Data.GetProperty("n").GetInt32() + 1;
                var answer = await client.PutAsync(counter, $$$"""{"data":{"n":{{{next}}}}}""", ("If-Match", read.ETag));
                Assert.True(answer.Status is 200 or 412, $"{answer.Status}");
                Interlocked.Add(ref successes, answer.Status == 200 ? 1 : 0);
            }
        })));

        Assert.InRange(successes, 20, 32 * 20);
        Assert.Equal(successes, (await client.GetAsync(counter)).Data.GetProperty("n").GetInt32());
    }
}
