using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Import.Kinto;

/// <summary>
/// A Kinto server over HTTP, for when its database cannot be reached. Needs the password of an administrator who may write all buckets, and all accounts
/// if these are to be imported. Each request reads the current state, so nobody may write meanwhile. Reading an object's rights takes a separate request; as
/// many of these share a batch as the server allows.
/// </summary>
public sealed class KintoServer : IKintoSource
{
    private const int RecordsAtOnce = 1_000;
    private const int CountedAtOnce = 10_000;
    private const int MaxTries = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(1);

    private readonly HttpClient http;
    private readonly TimeProvider time;
    private readonly string root;
    private int partsAtOnce = 1;

    private KintoServer(HttpClient http, string root, TimeProvider time) => (this.http, this.root, this.time) = (http, root, time);

    /// <param name="address">Its URL with the version: <c>https://example.org/v1</c>.</param>
    /// <param name="user">The user to sign in as.</param>
    /// <param name="password">Their password.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="KintoException">It does not answer, the sign-in fails, or the user may not see everything.</exception>
    public static async Task<KintoServer> OpenAsync(Uri address, string user, string password, TimeProvider time, CancellationToken cancellationToken)
    {
        var client = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
        client.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        var server = new KintoServer(client, address.ToString().TrimEnd('/'), time);
        try
        {
            using var hello = await server.GetAsync("/", cancellationToken);
            if (!hello.RootElement.TryGetProperty("user", out _))
            {
                throw new KintoException($"Nobody signs in to {server.root} as '{user}' with that password.");
            }

            // Lists silently leave out objects that the user may not see.
            (await server.SendAsync(HttpMethod.Get, $"/buckets/{Guid.NewGuid():N}", body: null, cancellationToken, isMissing: true)).Dispose();
            server.partsAtOnce = hello.RootElement.TryGetProperty("settings", out var settings) && settings.TryGetProperty("batch_max_requests", out var most) && most.TryGetInt32(out var parts) ? Math.Max(1, parts) : 25;
            return server;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public async Task<IReadOnlyDictionary<(string Parent, string Kind), (long Live, long Tombstones)>> CountAsync(CancellationToken cancellationToken)
    {
        var counts = new Dictionary<(string, string), (long, long)>();
        await foreach (var (name, _) in ReadAccountsAsync(cancellationToken))
        {
            counts[(name, KintoKind.Account)] = (1, 0);
        }

        var buckets = await ReadBucketsAsync(cancellationToken);
        counts[("", KintoKind.Bucket)] = (buckets.LongCount(static one => !one.IsTombstone), buckets.LongCount(static one => one.IsTombstone));
        foreach (var bucket in buckets.Where(static one => !one.IsTombstone).Select(static one => $"/buckets/{one.Id}"))
        {
            counts[(bucket, KintoKind.Group)] = await CountAsync($"{bucket}/groups", cancellationToken);
            counts[(bucket, KintoKind.Collection)] = await CountAsync($"{bucket}/collections", cancellationToken);
            await foreach (var collection in ListAsync($"{bucket}/collections", "_fields=id", CountedAtOnce, cancellationToken))
            {
                counts[($"{bucket}/collections/{collection.Id}", KintoKind.Record)] = await CountAsync($"{bucket}/collections/{collection.Id}/records", cancellationToken);
            }
        }

        return counts;
    }

    public async IAsyncEnumerable<(string Name, string? Hash)> ReadAccountsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var account in ListAsync("/accounts", "_sort=id", RecordsAtOnce, cancellationToken))
        {
            using var data = JsonDocument.Parse(account.Data);
            yield return (account.Id, data.RootElement.TryGetProperty("password", out var hash) ? hash.GetString() : null);
        }
    }

    public async IAsyncEnumerable<(string Bucket, string Principal)> ReadUuidBucketsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var paths = (await ReadBucketsAsync(cancellationToken)).Where(static one => !one.IsTombstone && KintoBucketId.CanBeDefault(one.Id)).Select(static one => $"/buckets/{one.Id}").ToList();
        foreach (var (path, entries) in await ReadEntriesAsync(paths, cancellationToken))
        {
            foreach (var entry in entries.Where(static entry => entry.Permission == "write"))
            {
                yield return (path["/buckets/".Length..], entry.Principal);
            }
        }
    }

    public Task<IReadOnlyList<KintoObject>> ReadBucketsAsync(CancellationToken cancellationToken) => ReadAllAsync("/buckets", cancellationToken);

    public async Task<IReadOnlyList<KintoObject>> ReadShortAsync(string parent, string kind, string path, CancellationToken cancellationToken)
    {
        var all = await ReadAllAsync(path.TrimEnd('/'), cancellationToken);
        return await WithEntriesAsync(all, path, cancellationToken);
    }

    public async Task<IReadOnlyDictionary<string, IReadOnlyList<KintoEntry>>> ReadEntriesAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, IReadOnlyList<KintoEntry>>(StringComparer.Ordinal);
        foreach (var some in paths.Chunk(partsAtOnce))
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(new { defaults = new { method = "GET" }, requests = some.Select(static path => new { path }) });
            using var answer = await SendAsync(HttpMethod.Post, "/batch", body, cancellationToken);
            using var document = await ReadAsync(answer, cancellationToken);
            var parts = document.RootElement.GetProperty("responses");
            for (var i = 0; i < some.Length; i++)
            {
                if (parts[i].GetProperty("status").GetInt32() != (int)HttpStatusCode.OK || !parts[i].GetProperty("body").TryGetProperty("permissions", out var permissions))
                {
                    throw new KintoException($"{root}{some[i]} is answered {parts[i].GetProperty("status").GetInt32()}. Stop all writes, let the user who reads it write everything, and run the import again.");
                }

                found[some[i]] = [.. permissions.EnumerateObject().SelectMany(static right => right.Value.EnumerateArray().Select(principal => new KintoEntry(right.Name, principal.GetString()!)))];
            }
        }

        return found;
    }

    public async IAsyncEnumerable<KintoObject> ReadRecordsAsync(string collection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (path, page, last) = ($"{collection}/records/", new List<KintoObject>(), "");
        await foreach (var record in ListAsync($"{collection}/records", "_sort=id&_since=0", RecordsAtOnce, cancellationToken))
        {
            if (string.CompareOrdinal(last, record.Id) >= 0)
            {
                throw new KintoException($"{root}{collection} does not list its records in the order of their ids.");
            }

            last = record.Id;
            page.Add(record);
            if (page.Count >= RecordsAtOnce)
            {
                foreach (var one in await WithEntriesAsync(page, path, cancellationToken))
                {
                    yield return one;
                }

                page = [];
            }
        }

        foreach (var one in await WithEntriesAsync(page, path, cancellationToken))
        {
            yield return one;
        }
    }

    public async Task<IReadOnlyDictionary<(string Parent, string Kind), ServerTimestamp>> ReadStampsAsync(string bucket, CancellationToken cancellationToken)
    {
        var stamps = new Dictionary<(string, string), ServerTimestamp>();
        await AddAsync(bucket, KintoKind.Group, $"{bucket}/groups");
        await AddAsync(bucket, KintoKind.Collection, $"{bucket}/collections");
        await foreach (var collection in ListAsync($"{bucket}/collections", "_fields=id", CountedAtOnce, cancellationToken))
        {
            await AddAsync($"{bucket}/collections/{collection.Id}", KintoKind.Record, $"{bucket}/collections/{collection.Id}/records");
        }

        return stamps;

        async Task AddAsync(string parent, string kind, string list)
        {
            using var answer = await SendAsync(HttpMethod.Head, list, body: null, cancellationToken);
            if (answer.Headers.ETag is { } tag && ServerTimestamp.TryParse(tag.Tag.AsSpan().Trim('"'), out var stamp) && stamp > ServerTimestamp.Zero)
            {
                stamps[(parent, kind)] = stamp;
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<(long Live, long Tombstones)> CountAsync(string list, CancellationToken cancellationToken)
    {
        var (live, tombstones) = (0L, 0L);
        await foreach (var one in ListAsync(list, "_since=0&_fields=deleted", CountedAtOnce, cancellationToken))
        {
            (live, tombstones) = one.IsTombstone ? (live, tombstones + 1) : (live + 1, tombstones);
        }

        return (live, tombstones);
    }

    private async Task<IReadOnlyList<KintoObject>> ReadAllAsync(string list, CancellationToken cancellationToken)
    {
        var found = new List<KintoObject>();
        await foreach (var one in ListAsync(list, "_since=0", CountedAtOnce, cancellationToken))
        {
            found.Add(one);
        }

        found.Sort(static (a, b) => string.CompareOrdinal(a.Id, b.Id));
        return found;
    }

    private async Task<IReadOnlyList<KintoObject>> WithEntriesAsync(IReadOnlyList<KintoObject> objects, string path, CancellationToken cancellationToken)
    {
        var entries = await ReadEntriesAsync([.. objects.Where(static one => !one.IsTombstone).Select(one => path + one.Id)], cancellationToken);
        return [.. objects.Select(one => entries.TryGetValue(path + one.Id, out var said) ? one with { Entries = said } : one)];
    }

    /// <summary>Reads a list page by page.</summary>
    private async IAsyncEnumerable<KintoObject> ListAsync(string list, string query, int limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var next = FormattableString.Invariant($"{list}?{query}&_limit={limit}"); next is not null;)
        {
            using var answer = await SendAsync(HttpMethod.Get, next, body: null, cancellationToken);
            using var document = await ReadAsync(answer, cancellationToken);
            foreach (var one in document.RootElement.GetProperty("data").EnumerateArray())
            {
                yield return new KintoObject(
                    one.GetProperty("id").GetString()!,
                    new ServerTimestamp(one.GetProperty("last_modified").GetInt64()),
                    one.TryGetProperty("deleted", out var deleted) && deleted.ValueKind == JsonValueKind.True,
                    Encoding.UTF8.GetBytes(one.GetRawText()),
                    []);
            }

            next = answer.Headers.TryGetValues("Next-Page", out var pages) && pages.FirstOrDefault() is { Length: > 0 } page ? PathOf(page, list) : null;
        }
    }

    /// <summary>A page's URL from the list's path on. The part before it may be any name that the server has for itself.</summary>
    private string PathOf(string page, string list) =>
        page.IndexOf(list + "?", StringComparison.Ordinal) is >= 0 and var at ? page[at..] : throw new KintoException($"{root}{list} goes on at '{page}', which is another list.");

    private async Task<JsonDocument> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, body: null, cancellationToken);
        return await ReadAsync(answer, cancellationToken);
    }

    private async Task<JsonDocument> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken), new JsonDocumentOptions { MaxDepth = JsonText.MaxDepth + 10 }, cancellationToken);
        }
        catch (JsonException e)
        {
            throw new KintoException($"{root} does not answer as Kinto does: {e.Message}", e);
        }
    }

    /// <summary>Sends a request, and sends it again if the server asks to wait.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path below the server's URL.</param>
    /// <param name="body">JSON; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <param name="isMissing">Whether 404 is the right answer.</param>
    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancellationToken, bool isMissing = false)
    {
        for (var tries = 1; ; tries++)
        {
            using var request = new HttpRequestMessage(method, root + path);
            if (body is not null)
            {
                request.Content = new ByteArrayContent(body);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }

            try
            {
                var answer = await http.SendAsync(request, cancellationToken);
                if (isMissing ? answer.StatusCode == HttpStatusCode.NotFound : answer.IsSuccessStatusCode)
                {
                    return answer;
                }

                using (answer)
                {
                    if (tries >= MaxTries || answer.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests))
                    {
                        throw new KintoException($"{root}{path} is answered {(int)answer.StatusCode}. Whoever reads it must be let write everything: bucket_write_principals and account_write_principals of Kinto's settings name who is.");
                    }

                    var asked = answer.Headers.RetryAfter?.Delta ?? Pause;
                    await Task.Delay(asked < MaxPause ? asked : MaxPause, time, cancellationToken);
                }
            }
            catch (HttpRequestException e)
            {
                throw new KintoException($"Cannot read {root}: {e.Message}", e);
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                throw new KintoException(FormattableString.Invariant($"{root}{path} was not answered within {http.Timeout.TotalMinutes} minutes. Run the import again."), e);
            }
        }
    }
}
