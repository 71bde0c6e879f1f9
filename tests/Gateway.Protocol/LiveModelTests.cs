using System.Net;
using Xunit.Abstractions;

namespace Lockstep.Gateway.Protocol;

/// <summary>
/// Histories of a bucket: records and rights come and go, a collection is deleted and made anew, and streams of several users are cut off at any moment and go on. Whoever follows has what a poll
/// shows, up to the id at which they were cut off and in the end, is told nothing twice that has an id, and their ids do not go back but where all is told anew.
/// </summary>
public sealed class LiveModelTests(KintoServer server, ITestOutputHelper output) : IClassFixture<KintoServer>, IAsyncLifetime
{
    private const string Password = "s3cr3t";
    private const int Steps = 70;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly string author = $"author-{Guid.NewGuid():N}";
    private readonly string reader = $"reader-{Guid.NewGuid():N}";

    public async Task InitializeAsync()
    {
        await server.AddAccountAsync(author, Password);
        await server.AddAccountAsync(reader, Password);
    }

    public Task DisposeAsync() => Task.CompletedTask;

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
        using var alice = server.As(author, Password);
        using var bob = server.As(reader, Password);
        var bucket = $"/buckets/model-{seed}-{Guid.NewGuid():N}";
        var (collection, records) = ($"{bucket}/collections/c", $"{bucket}/collections/c/records");
        Assert.Equal(201, (await alice.PutAsync(bucket, "{}")).Status);
        Assert.Equal(201, (await alice.PutAsync(collection, $$$"""{"permissions":{"read":["account:{{{reader}}}"]}}""")).Status);
        var (other, others) = ($"{bucket}/collections/d", $"{bucket}/collections/d/records");
        Assert.Equal(201, (await alice.PutAsync(other, "{}")).Status);
        var copies = new[]
        {
            new Copy(server.Address, author, records), new Copy(server.Address, author, collection), new Copy(server.Address, author, bucket),
            new Copy(server.Address, reader, records), new Copy(server.Address, reader, bucket),
            new Copy(server.Address, author, $"/buckets?path={others}&path={collection}"),
        };
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
                switch (random.Next(27))
                {
                    case < 9:
                        await alice.PutAsync(record, $$$"""{"data":{"n":{{{step}}}}}""");
                        break;
                    case < 12:
                        await alice.DeleteAsync(record);
                        break;
                    case 12:
                        await alice.PutAsync(record, $$$"""{"data":{},"permissions":{"read":["account:{{{reader}}}"]}}""");
                        break;
                    case 13:
                        await alice.SendAsync("PATCH", record, """{"permissions":{"read":[]}}""");
                        break;
                    case 14:
                        await alice.PutAsync(collection, $$$"""{"permissions":{"read":["account:{{{reader}}}"]}}""");
                        break;
                    case 15:
                        await alice.PutAsync(collection, $$$"""{"permissions":{"read":[],"record:create":["account:{{{reader}}}"]}}""");
                        break;
                    case 16:
                        await alice.DeleteAsync(collection);
                        await alice.PutAsync(collection, $$$"""{"permissions":{"record:create":["account:{{{reader}}}"]}}""");
                        break;
                    case < 22:
                        await alice.PutAsync($"{others}/r{random.Next(6)}", $$$"""{"data":{"n":{{{step}}}}}""");
                        break;
                    case 22:
                        await alice.DeleteAsync($"{others}/r{random.Next(6)}");
                        break;
                    case 23:
                        await alice.PutAsync($"{bucket}/groups/g{random.Next(3)}", """{"data":{"members":[]}}""");
                        break;
                    default:
                        var copy = copies[random.Next(copies.Length)];
                        await copy.CutOffAsync();
                        if (copy.Name == author)
                        {
                            await copy.AssertHasAllUpToItsIdAsync(alice, records);
                            await copy.AssertHasAllUpToItsIdAsync(alice, others);
                        }

                        await copy.ConnectAsync();
                        break;
                }
            }

            // :: Step 2: everybody may read, and hears of the last change.
            await alice.PutAsync(collection, $$$"""{"permissions":{"read":["account:{{{reader}}}"]}}""");
            var last = (await alice.PutAsync(records + "/end", """{"data":{}}""")).Stamp;
            foreach (var copy in copies)
            {
                await copy.UntilAsync(records + "/end", last);
            }

            foreach (var copy in copies.Where(copy => copy.Follows(others)))
            {
                Assert.Equal(Shown(await alice.GetAsync(others)), copy.Records(others).Order(StringComparer.Ordinal));
            }

            // :: Step 3: what they have.
            foreach (var copy in copies)
            {
                var shown = await (copy.Name == author ? alice : bob).GetAsync(records);
                Assert.Equal(Shown(shown), copy.Records(records).Order(StringComparer.Ordinal));
                Assert.Equal("", string.Join(Environment.NewLine, copy.Faults));
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

    private static IEnumerable<string> Shown(KintoAnswer list) =>
        list.Data.EnumerateArray().Select(found => $"{found.GetProperty("id")} {found.GetProperty("last_modified")}").Order(StringComparer.Ordinal);

    /// <summary>The same list by a stream and by polls while many write: nobody misses a state that stays.</summary>
    [Fact]
    public async Task StreamAndPoller_OfOneList_WhileManyWrite_HaveTheSame()
    {
        const int writers = 12;
        const int each = 25;
        using var alice = server.As(author, Password);
        await using var copy = new Copy(server.Address, author, KintoClient.Records);
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
        Assert.Equal("", string.Join(Environment.NewLine, copy.Faults));
    }

    /// <summary>What somebody has who follows a stream.</summary>
    private sealed class Copy(Uri address, string name, string path) : IAsyncDisposable
    {
        private readonly HttpClient http = EventReader.Client(address, KintoClient.Basic(name, Password));
        private readonly Dictionary<string, long> known = new(StringComparer.Ordinal);

        // Told since the last time that all was: an object with a stamp.
        private readonly HashSet<string> told = new(StringComparer.Ordinal);

        // Of these, what came behind the id from which it would go on: it has none while a list is told anew, and comes again if that is cut off.
        private readonly HashSet<string> unsure = new(StringComparer.Ordinal);
        private readonly SemaphoreSlim changed = new(0);

        // Whether a list began anew, and what was told of it since has no id yet.
        private bool isAnew;
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

        /// <summary>Whether it tells its reader, who may read everything, of a list.</summary>
        public bool Follows(string list) => name.StartsWith("author", StringComparison.Ordinal) && (path.Contains(list, StringComparison.Ordinal) || list.StartsWith(path + "/", StringComparison.Ordinal));

        /// <summary>What has not changed since the id from which it goes on is known, as a reader finds it.</summary>
        public async Task AssertHasAllUpToItsIdAsync(KintoClient reader, string list)
        {
            if (!Follows(list) || isAnew || last is null || await reader.GetAsync(list) is not { Status: 200 } found)
            {
                return;
            }

            // By the list's bucket: all of these are of one.
            var upTo = long.Parse(last);
            foreach (var record in found.Data.EnumerateArray().Where(record => record.GetProperty("last_modified").GetInt64() <= upTo))
            {
                var (of, stamp) = ($"{list}/{record.GetProperty("id").GetString()}", record.GetProperty("last_modified").GetInt64());
                Assert.True(known.TryGetValue(of, out var had) && had == stamp, $"{path} at {last}: {of} is {stamp} and was {had}");
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

            lock (known)
            {
                told.ExceptWith(unsure);
                unsure.Clear();
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
                        isAnew &= !change.HasId;
                        var one = $"{change.Path} {change.Stamp}";
                        if (change.HasId)
                        {
                            unsure.Clear();
                        }
                        else
                        {
                            unsure.Add(one);
                        }

                        if (!told.Add(one))
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
                        isAnew |= change.Name == "reset";
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
