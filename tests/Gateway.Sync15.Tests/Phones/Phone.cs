using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lockstep.Gateway.Sync15.Tests.Phones;

/// <summary>
/// Syncs as the client of Firefox on Android and iOS does: its order of requests, what it keeps from one sync to the next, and what it
/// does not forgive. It shares nothing with the server.
/// </summary>
/// <param name="id">Of the device.</param>
/// <param name="server">Where the storage must be.</param>
/// <param name="askToken">Asks TokenServer.</param>
/// <param name="time">True time, from which the phone's clock differs by <see cref="Skew"/>.</param>
/// <param name="engines">What it syncs.</param>
internal sealed class Phone(string id, Uri server, Func<Task<SyncAnswer>> askToken, TimeProvider time, params PhoneEngine[] engines) : IDisposable
{
    private const int StorageVersion = 5;
    private const int ClientLifetime = 180 * 86_400;
    private const string Unmodified = "X-If-Unmodified-Since";

    private readonly SortedSet<string> declined = new(StringComparer.Ordinal);
    private readonly SortedSet<string> toWipe = new(StringComparer.Ordinal);
    private (SyncClient Client, string Path, decimal Ends)? token;
    private string? endpoint;
    private PhoneLimits? limits;
    private (decimal Meta, decimal Crypto)? known;
    private JsonObject? global;
    private PhoneKeys? keys;

    /// <summary>Seconds that its clock is wrong by. It is never set right by what servers say.</summary>
    public long Skew { get; set; }

    /// <summary>What was sent to the storage, in order: method, and path with query.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>What was sent as <c>X-If-Unmodified-Since</c>, by request.</summary>
    public List<(string Request, string Value)> Conditions { get; } = [];

    /// <summary>Happens before each request of the storage.</summary>
    public Func<string, Task> Before { get; set; } = static _ => Task.CompletedTask;

    /// <summary>The devices that it has seen.</summary>
    public IReadOnlyCollection<string> Clients { get; private set; } = [];

    public IReadOnlyCollection<string> Declined => declined;

    public string? SyncId => global?["syncID"]!.GetValue<string>();

    public PhoneEngine Engine(string name) => engines.Single(engine => engine.Name == name);

    /// <summary>What the user turns off. The server's data of it is deleted.</summary>
    public void Decline(string name)
    {
        declined.Add(name);
        toWipe.Add(name);
    }

    /// <exception cref="PhoneFault">It ended before all was done.</exception>
    public async Task SyncAsync()
    {
        try
        {
            var modified = await GetReadyAsync();
            foreach (var name in toWipe.ToList())
            {
                PhoneAnswers.StorageOrNone(await SendAsync("DELETE", $"/storage/{name}"));
                toWipe.Remove(name);
            }

            await SyncClientsAsync(modified.GetValueOrDefault("clients"));
            foreach (var engine in engines.Where(engine => !declined.Contains(engine.Name)))
            {
                await SyncAsync(engine, modified.GetValueOrDefault(engine.Name));
            }
        }
        catch (PhoneFault fault) when (fault.Status == 401)
        {
            DropToken();
            throw;
        }
    }

    public void Dispose() => DropToken();

    /// <summary>Agrees with the server on limits, engines and keys.</summary>
    /// <returns>The times of the collections.</returns>
    private async Task<Dictionary<string, decimal>> GetReadyAsync()
    {
        await TakeTokenAsync();
        limits ??= PhoneAnswers.StorageOrNone(await SendAsync("GET", "/info/configuration")) is { } configuration
            ? PhoneLimits.Read(configuration.Json)
            : new PhoneLimits();
        for (var attempts = 0; attempts < 4; attempts++)
        {
            if (PhoneAnswers.StorageOrNone(await SendAsync("GET", "/info/collections")) is not { } info)
            {
                await StartFreshAsync();
                continue;
            }

            var modified = info.Json.EnumerateObject().ToDictionary(static item => item.Name, static item => PhoneTime.Parse(item.Value.GetRawText()), StringComparer.Ordinal);
            if (known is { } times && toWipe.Count == 0 && modified.GetValueOrDefault("meta") == times.Meta && modified.GetValueOrDefault("crypto") == times.Crypto)
            {
                return modified;
            }

            if (PhoneAnswers.StorageOrNone(await SendAsync("GET", "/storage/meta/global")) is not { } meta)
            {
                await StartFreshAsync();
                continue;
            }

            var read = JsonNode.Parse(meta.Json.GetProperty("payload").GetString()!)!.AsObject();
            if (read["storageVersion"]!.GetValue<int>() < StorageVersion)
            {
                await StartFreshAsync();
                continue;
            }

            if (Merged(read))
            {
                PhoneAnswers.Storage(await SendAsync("PUT", "/storage/meta/global", Record("global", read.ToJsonString()), PhoneTime.Parse(meta.LastModified)));
                continue;
            }

            if (PhoneAnswers.StorageOrNone(await SendAsync("GET", "/storage/crypto/keys")) is not { } crypto)
            {
                await StartFreshAsync();
                continue;
            }

            PhoneAnswers.Keys(crypto);
            keys = PhoneKeys.Read(crypto.Json.GetProperty("payload").GetString()!);
            (global, known) = (read, (PhoneTime.Parse(meta.LastModified), PhoneTime.Parse(crypto.LastModified)));
            return modified;
        }

        throw new PhoneFault("The server's state does not settle.");
    }

    /// <summary>Adds what is missing in <c>meta/global</c>, and takes over what others have turned off.</summary>
    /// <returns>Whether it must be written.</returns>
    private bool Merged(JsonObject read)
    {
        var missing = engines.Where(engine => read["engines"]![engine.Name] is null).Select(static engine => engine.Name).Where(name => !declined.Contains(name)).ToList();
        var theirs = read["declined"]!.AsArray().Select(static name => name!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
        var changes = toWipe.Except(theirs).Any();
        declined.UnionWith(theirs);
        missing.RemoveAll(declined.Contains);
        foreach (var name in missing)
        {
            read["engines"]![name] = NewEngine();
        }

        foreach (var name in declined)
        {
            read["engines"]!.AsObject().Remove(name);
        }

        read["declined"] = new JsonArray([.. declined.Select(static name => JsonValue.Create(name))]);
        return missing.Count > 0 || changes;
    }

    /// <summary>Deletes all, and says how the new data is to be read.</summary>
    private async Task StartFreshAsync()
    {
        PhoneAnswers.StorageOrNone(await SendAsync("DELETE", ""));
        var fresh = new JsonObject
        {
            ["syncID"] = Guid.NewGuid().ToString("N")[..12],
            ["storageVersion"] = StorageVersion,
            ["engines"] = new JsonObject(engines.Where(engine => !declined.Contains(engine.Name)).Select(static engine => KeyValuePair.Create<string, JsonNode?>(engine.Name, NewEngine()))),
            ["declined"] = new JsonArray([.. declined.Select(static name => JsonValue.Create(name))]),
        };
        PhoneAnswers.Storage(await SendAsync("PUT", "/storage/meta/global", Record("global", fresh.ToJsonString()), unmodifiedSince: 0));
        PhoneAnswers.Storage(await SendAsync("PUT", "/storage/crypto/keys", Record("keys", PhoneKeys.New().Payload()), unmodifiedSince: 0));
    }

    /// <summary>Reads the devices at each sync, also where there are none yet, and says that this is one.</summary>
    private async Task SyncClientsAsync(decimal modified)
    {
        var read = PhoneAnswers.List(await SendAsync("GET", "/storage/clients?full=1"));
        foreach (var record in read.Json.EnumerateArray())
        {
            keys!.Open(record.GetProperty("payload").GetString()!);
        }

        if (!read.Ids.Contains(id, StringComparer.Ordinal))
        {
            await UploadAsync("clients", modified, [Sealed(id, $"device {id}", ClientLifetime)]);
        }

        Clients = [.. read.Ids.Append(id).Distinct(StringComparer.Ordinal)];
    }

    private async Task SyncAsync(PhoneEngine engine, decimal modified)
    {
        engine.Associate(SyncId!, global!["engines"]![engine.Name]!["syncID"]!.GetValue<string>());
        if (modified != engine.LastSync)
        {
            var more = engine.Limit is { } limit ? $"&sort=newest&limit={limit}" : "";
            var read = PhoneAnswers.List(await SendAsync("GET", $"/storage/{engine.Name}?full=1&newer={PhoneTime.Text(engine.LastSync)}{more}"), engine.Limit);
            foreach (var record in read.Json.EnumerateArray())
            {
                engine.Apply(record.GetProperty("id").GetString()!, keys!.Open(record.GetProperty("payload").GetString()!));
            }

            engine.LastSync = PhoneTime.Parse(read.LastModified);
        }

        var upload = await UploadAsync(engine.Name, modified, engine.Changed.Select(changed => Sealed(changed, engine.Records[changed], engine.Lifetime)));
        if (upload.Sent.Count > 0)
        {
            engine.Uploaded(upload.Sent);
            engine.LastSync = upload.Modified;
        }
    }

    private async Task<PhoneUpload> UploadAsync(string collection, decimal modified, IEnumerable<(string Record, int PayloadBytes)> records)
    {
        var upload = new PhoneUpload(limits!, modified, (query, body, since) => SendAsync("POST", $"/storage/{collection}{query}", body, since));
        foreach (var (record, bytes) in records.ToList())
        {
            await upload.AddAsync(record, bytes);
        }

        await upload.EndAsync();
        return upload;
    }

    /// <summary>A token is kept for as long as it was said to last, by the phone's own clock.</summary>
    private async Task TakeTokenAsync()
    {
        if (token is { } held && Now() < held.Ends)
        {
            return;
        }

        DropToken();
        var (key, secret, url, duration) = PhoneAnswers.Token(await askToken());
        var storage = new Uri(url);
        if (url.EndsWith('/') || storage.Authority != server.Authority)
        {
            throw new PhoneFault($"{url} is no place for requests.");
        }

        if ((endpoint ??= url) != url)
        {
            throw new PhoneFault("Storage reset: the place has changed.");
        }

        token = (new SyncClient(server, uid: 0, key, secret, time), storage.AbsolutePath, Now() + duration);
    }

    private void DropToken()
    {
        token?.Client.Dispose();
        token = null;
    }

    private decimal Now() => time.GetUtcNow().ToUnixTimeSeconds() + Skew;

    private async Task<SyncAnswer> SendAsync(string method, string path, string? body = null, decimal? unmodifiedSince = null)
    {
        var request = $"{method} {path}";
        await Before(request);
        Requests.Add(request);
        List<(string Name, string Value)> headers = [];
        if (body is not null)
        {
            headers.Add(("Content-Type", "application/json"));
        }

        if (unmodifiedSince is { } since)
        {
            headers.Add((Unmodified, PhoneTime.Text(since)));
            Conditions.Add((request, PhoneTime.Text(since)));
        }

        var (client, root, _) = token!.Value;
        client.Skew = Skew;
        return await client.SendRawAsync(method, root + path, body, [.. headers]);
    }

    private (string Record, int PayloadBytes) Sealed(string recordId, string text, int? lifetime)
    {
        var payload = keys!.Seal(text);
        return (Record(recordId, payload, lifetime), Encoding.UTF8.GetByteCount(payload));
    }

    private static string Record(string recordId, string payload, int? lifetime = null)
    {
        var record = new JsonObject { ["id"] = recordId, ["payload"] = payload };
        if (lifetime is not null)
        {
            record["ttl"] = lifetime;
        }

        return record.ToJsonString();
    }

    private static JsonObject NewEngine() => new() { ["version"] = 1, ["syncID"] = Guid.NewGuid().ToString("N")[..12] };
}
