using System.Net;
using Xunit.Abstractions;

namespace Lockstep.Gateway.Protocol;

/// <summary>
/// Histories of a collection: records and rights come and go, the collection is deleted and made anew, and streams of several users are cut off at any moment and go on. Whoever follows has what a
/// poll shows, is told nothing twice, and their ids do not go back but where all is told anew.
/// </summary>
public sealed class LiveModelTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Password = "s3cr3t";
    private const int Steps = 70;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private KintoServer server = null!;

    public async Task InitializeAsync()
    {
        server = await KintoServer.StartAsync();
        await server.AddAccountAsync("alice", Password);
        await server.AddAccountAsync("bob", Password);
    }

    public Task DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Streams_WhateverHappens_EndWithWhatAPollShows(int seed)
    {
        var random = new Random(seed);
        using var alice = server.As("alice", Password);
        using var bob = server.As("bob", Password);
        var bucket = $"/buckets/model-{seed}-{Guid.NewGuid():N}";
        var (collection, records) = ($"{bucket}/collections/c", $"{bucket}/collections/c/records");
        Assert.Equal(201, (await alice.PutAsync(bucket, "{}")).Status);
        Assert.Equal(201, (await alice.PutAsync(collection, """{"permissions":{"read":["account:bob"]}}""")).Status);
        var copies = new[] { new Copy(server.Address, "alice", records), new Copy(server.Address, "alice", collection), new Copy(server.Address, "bob", records), new Copy(server.Address, "bob", bucket) };
        try
        {
            // :: Step 1: a history.
            foreach (var copy in copies)
            {
                await copy.ConnectAsync();
            }

            for (var step = 0; step < Steps; step++)
            {
                var record = $"{records}/r{random.Next(6)}";
                switch (random.Next(20))
                {
                    case < 9:
                        await alice.PutAsync(record, $$$"""{"data":{"n":{{{step}}}}}""");
                        break;
                    case < 12:
                        await alice.DeleteAsync(record);
                        break;
                    case 12:
                        await alice.PutAsync(record, """{"data":{},"permissions":{"read":["account:bob"]}}""");
                        break;
                    case 13:
                        await alice.SendAsync("PATCH", record, """{"permissions":{"read":[]}}""");
                        break;
                    case 14:
                        await alice.PutAsync(collection, """{"permissions":{"read":["account:bob"]}}""");
                        break;
                    case 15:
                        await alice.PutAsync(collection, """{"permissions":{"read":[],"record:create":["account:bob"]}}""");
                        break;
                    case 16:
                        await alice.DeleteAsync(collection);
                        await alice.PutAsync(collection, """{"permissions":{"record:create":["account:bob"]}}""");
                        break;
                    default:
                        var copy = copies[random.Next(copies.Length)];
                        await copy.CutOffAsync();
                        await copy.ConnectAsync();
                        break;
                }
            }

            // :: Step 2: everybody may read, and hears of the last change.
            await alice.PutAsync(collection, """{"permissions":{"read":["account:bob"]}}""");
            var last = (await alice.PutAsync(records + "/end", """{"data":{}}""")).Stamp;
            foreach (var copy in copies)
            {
                await copy.UntilAsync(records + "/end", last);
            }

            // :: Step 3: what they have.
            foreach (var copy in copies)
            {
                var shown = await (copy.Name == "alice" ? alice : bob).GetAsync(records);
                Assert.Equal(
                    shown.Data.EnumerateArray().Select(found => $"{found.GetProperty("id")} {found.GetProperty("last_modified")}").Order(StringComparer.Ordinal),
                    copy.Records(records).Order(StringComparer.Ordinal));
                Assert.Empty(copy.Faults);
                output.WriteLine($"{copy.Name}: {copy.Told} told, {copy.Resets} times anew, {copy.Ends} ends, {copy.Connections} connections");
            }
        }
        finally
        {
            foreach (var copy in copies)
            {
                await copy.DisposeAsync();
            }
        }
    }

    /// <summary>The same list by a stream and by polls while many write: nobody misses a state that stays.</summary>
    [Fact]
    public async Task StreamAndPoller_OfOneList_WhileManyWrite_HaveTheSame()
    {
        const int writers = 12;
        const int each = 25;
        using var alice = server.As("alice", Password);
        await using var copy = new Copy(server.Address, "alice", KintoClient.Records);
        await copy.ConnectAsync();
        using var ended = new CancellationTokenSource();
        var poller = Task.Run(async () =>
        {
            var (seen, since) = (new Dictionary<string, long>(StringComparer.Ordinal), 0L);
            for (var last = false; !last;)
            {
                last = ended.IsCancellationRequested;
                var page = await alice.GetAsync($"{KintoClient.Records}?_since={since}");
                foreach (var record in page.Data.EnumerateArray())
                {
                    seen[record.GetProperty("id").GetString()!] = record.GetProperty("last_modified").GetInt64();
                }

                since = page.Stamp;
            }

            return seen;
        });
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++)
            {
                await alice.PutAsync($"{KintoClient.Records}/w{writer}-{i % 7}", """{"data":{}}""");
            }
        })));
        var end = (await alice.PutAsync(KintoClient.Records + "/end", """{"data":{}}""")).Stamp;
        await ended.CancelAsync();
        await copy.UntilAsync("/end", end);

        var polled = await poller;
        Assert.Equal(polled.Select(found => $"{found.Key} {found.Value}").Order(StringComparer.Ordinal), copy.Records("").Order(StringComparer.Ordinal));
        Assert.Empty(copy.Faults);
    }

    /// <summary>What somebody has who follows a stream.</summary>
    private sealed class Copy(Uri address, string name, string path) : IAsyncDisposable
    {
        private readonly HttpClient http = EventReader.Client(address, KintoClient.Basic(name, Password));
        private readonly Dictionary<string, long> known = new(StringComparer.Ordinal);

        // Told since the last time that all was: an object with a stamp.
        private readonly HashSet<string> told = new(StringComparer.Ordinal);
        private readonly SemaphoreSlim changed = new(0);
        private EventReader? stream;
        private Task reading = Task.CompletedTask;
        private string? last;

        public string Name => name;

        public List<string> Faults { get; } = [];

        public int Told { get; private set; }

        public int Resets { get; private set; }

        public int Ends { get; private set; }

        public int Connections { get; private set; }

        public IEnumerable<string> Records(string list)
        {
            lock (known)
            {
                return [.. known.Where(found => found.Key.Contains("/records/", StringComparison.Ordinal) && found.Key.StartsWith(list, StringComparison.Ordinal))
                    .Select(found => $"{found.Key[(found.Key.LastIndexOf('/') + 1)..]} {found.Value}")];
            }
        }

        /// <returns>False when it is refused at the moment.</returns>
        public async Task<bool> ConnectAsync()
        {
            using (var request = new HttpRequestMessage(HttpMethod.Get, "/v1" + path) { Headers = { { "Accept", "text/event-stream" } } })
            using (var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
            {
                if (answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.NotFound)
                {
                    return false;
                }
            }

            try
            {
                stream = await EventReader.OpenAsync(http, path, last ?? "0");
            }
            catch (Xunit.Sdk.TrueException)
            {
                // The right was taken in between.
                return false;
            }

            Connections++;
            reading = ReadAsync(stream);
            return true;
        }

        public async Task CutOffAsync()
        {
            stream?.Dispose();
            await reading;
        }

        public async Task UntilAsync(string end, long stamp)
        {
            using var deadline = new CancellationTokenSource(Deadline);
            while (true)
            {
                lock (known)
                {
                    if (known.Any(found => found.Key.EndsWith(end, StringComparison.Ordinal) && found.Value == stamp))
                    {
                        return;
                    }
                }

                Assert.False(deadline.IsCancellationRequested, $"{name} was not told of the last change: {string.Join(", ", Records(""))}");
                if (reading.IsCompleted)
                {
                    await ConnectAsync();
                }

                // Where it is refused it asks again, which takes a round trip.
                if (!reading.IsCompleted)
                {
                    await Task.WhenAny(reading, changed.WaitAsync(deadline.Token));
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            await CutOffAsync();
            http.Dispose();
            changed.Dispose();
        }

        private async Task ReadAsync(EventReader events)
        {
            try
            {
                while (await events.ReadAsync() is { } change)
                {
                    Take(change);
                    last = events.LastId;
                    changed.Release();
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or HttpRequestException or TimeoutException or OperationCanceledException)
            {
                // Cut off; what was told by then counts.
            }
        }

        private void Take(StreamEvent change)
        {
            lock (known)
            {
                switch (change.Name)
                {
                    case "":
                        Told++;
                        if (!told.Add($"{change.Path} {change.Stamp}"))
                        {
                            Faults.Add($"{change.Path} {change.Stamp} was told twice, the second time with {(change.HasId ? change.Id : "no id")}");
                        }

                        if (change.HasId && last is not null && long.Parse(change.Id) < long.Parse(last))
                        {
                            Faults.Add($"{change.Id} after {last}");
                        }

                        if (change.IsDeletion)
                        {
                            known.Remove(change.Path);
                        }
                        else
                        {
                            known[change.Path] = change.Stamp;
                        }

                        break;
                    case "reset" or "closed":
                        Resets++;
                        Forget(change.Path);
                        break;
                    default:
                        Ends++;
                        break;
                }
            }
        }

        /// <summary>An object, or what lies in a list.</summary>
        private void Forget(string of)
        {
            foreach (var gone in known.Keys.Where(IsOf).ToList())
            {
                known.Remove(gone);
            }

            told.RemoveWhere(one => IsOf(one[..one.IndexOf(' ', StringComparison.Ordinal)]));

            bool IsOf(string one) => one == of
                || (one.StartsWith(of + "/", StringComparison.Ordinal) && one.IndexOf('/', of.Length + 1) < 0);
        }
    }
}
