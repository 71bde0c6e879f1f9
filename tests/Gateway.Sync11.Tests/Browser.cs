using System.Globalization;
using System.Text.Json;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>
/// Does what Pale Moon's client does, request by request, with what it looks at in each answer. What it encrypts is a text here that names the key, so that a record
/// of another key is seen.
/// </summary>
/// <remarks>UXP, services/sync/modules: service.js, resource.js, record.js, engines.js, policies.js, and userapi.js of before.</remarks>
public sealed class Browser(Uri server, string email, string password) : IDisposable
{
    private const int UploadAtOnce = 100;

    private readonly Dictionary<string, double> lastSync = new(StringComparer.Ordinal);
    private readonly HashSet<(string Engine, string Id)> changed = [];
    private readonly WeaveClient client = new(server, WeaveClient.NameOf(email), password) { Email = email };
    private Uri? cluster;

    /// <summary>What it keeps: by engine and id.</summary>
    public Dictionary<(string Engine, string Id), string> Items { get; } = [];

    /// <summary>The key that the user carries from device to device; it has nothing to do with the password.</summary>
    public string RecoveryKey { get; init; } = Guid.NewGuid().ToString("N");

    /// <summary>The key that records are encrypted with, which lies in <c>crypto/keys</c> under the recovery key.</summary>
    public string? BulkKey { get; private set; }

    /// <summary>Statuses that made it stop, the last one last.</summary>
    public List<int> Failures { get; } = [];

    /// <summary>Kilobytes that are left, where the server has said so.</summary>
    public int? QuotaLeft { get; private set; }

    /// <summary>The new-account wizard: is it a server of Sync, is the name free, and then the account.</summary>
    public async Task CreateAccountAsync()
    {
        Assert.Contains((await AnonymouslyAsync("GET", "/user/1.0/a")).Text, new[] { "0", "1" });
        Assert.Equal("0", (await AnonymouslyAsync("GET", $"/user/1.0/{client.Name}")).Text);
        await AnonymouslyAsync("GET", "/misc/1.0/captcha_html");
        Assert.Equal(client.Name, (await client.SignUpAsync()).AssertOk().Text);
    }

    /// <summary>One sync of some engines.</summary>
    /// <returns>Whether it came to its end.</returns>
    public async Task<bool> SyncAsync(params string[] engines)
    {
        // :: Step 1: where the user's storage is.
        if (cluster is null)
        {
            var node = await client.UserAsync("GET", "/node/weave");
            if (node.Status is not (200 or 404))
            {
                return Failed(node);
            }

            cluster = node.Status == 404 ? server : new Uri(node.Text);
            Assert.EndsWith("/", cluster.AbsoluteUri, StringComparison.Ordinal);
        }

        // :: Step 2: what there is. Any 401 means: forget where the storage is, and ask again the next time.
        var info = await client.GetAsync("/info/collections?v=38.0");
        if (info.Status != 200)
        {
            return Failed(info);
        }

        var times = info.Json.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetDouble(), StringComparer.Ordinal);

        // :: Step 3: the storage's own state: 404 is a fresh start, anything else but 200 the end.
        var meta = await client.GetAsync("/storage/meta/global");
        if (meta.Status is not (200 or 404))
        {
            return Failed(meta);
        }

        if (meta.Status == 404)
        {
            if (!await FreshStartAsync())
            {
                return false;
            }

            times.Clear();
        }
        else if (BulkKey is null && !await FetchKeysAsync())
        {
            return false;
        }

        // :: Step 4: each engine.
        foreach (var engine in engines)
        {
            if (!await SyncEngineAsync(engine, times.GetValueOrDefault(engine)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Something that the user does.</summary>
    public void Change(string engine, string id, string? text)
    {
        changed.Add((engine, id));
        if (text is null)
        {
            Items.Remove((engine, id));
        }
        else
        {
            Items[(engine, id)] = text;
        }
    }

    /// <summary>"Change password": 200 is what it waits for.</summary>
    public async Task ChangePasswordAsync(string next)
    {
        (await client.UserAsync("POST", "/password", next)).AssertOk();
        EnterPassword(next);
    }

    /// <summary>The user is asked for the password after a 401.</summary>
    public void EnterPassword(string next) => client.Password = next;

    /// <summary>"Sync: replace all other devices": wipes the server, and starts afresh.</summary>
    public async Task ReplaceAllAsync(params string[] engines)
    {
        Assert.True(await FreshStartAsync());
        foreach (var (engine, id) in Items.Keys)
        {
            changed.Add((engine, id));
        }

        lastSync.Clear();
        foreach (var engine in engines)
        {
            Assert.True(await SyncEngineAsync(engine, 0));
        }
    }

    public void Dispose() => client.Dispose();

    private async Task<bool> FreshStartAsync()
    {
        var wiped = await client.DeleteAsync("/storage", ("X-Confirm-Delete", "1"));
        if (wiped.Status is not (200 or 404))
        {
            return Failed(wiped);
        }

        WeaveAnswer.Hundredths(wiped.Timestamp);
        var meta = await client.PutAsync("/storage/meta/global", WeaveClient.Wbo("global", """{"syncID":"x","storageVersion":5}"""));
        BulkKey = Guid.NewGuid().ToString("N");
        var keys = await client.PutAsync("/storage/crypto/keys", WeaveClient.Wbo("keys", $"{RecoveryKey}|{BulkKey}"));
        if (meta.Status != 200 || keys.Status != 200)
        {
            return Failed(meta.Status != 200 ? meta : keys);
        }

        // It looks whether the server tells of the keys that it has just been given, by the time of the answer.
        var times = (await client.GetAsync("/info/collections")).AssertOk().Json;
        Assert.True(times.GetProperty("crypto").GetDouble() >= double.Parse(keys.Text, CultureInfo.InvariantCulture));
        return await FetchKeysAsync();
    }

    private async Task<bool> FetchKeysAsync()
    {
        var keys = await client.GetAsync("/storage/crypto/keys");
        if (keys.Status != 200)
        {
            return Failed(keys);
        }

        var parts = keys.Json.GetProperty("payload").GetString()!.Split('|');
        Assert.Equal(RecoveryKey, parts[0]);
        BulkKey = parts[1];
        return true;
    }

    private async Task<bool> SyncEngineAsync(string engine, double modified)
    {
        var since = lastSync.GetValueOrDefault(engine);

        // :: Step 1: what is new, line by line. A last line that is not ended would be lost.
        if (modified > since)
        {
            var answer = await client.GetAsync(
                string.Create(CultureInfo.InvariantCulture, $"/storage/{engine}?full=1&newer={since}{(engine is "bookmarks" ? "&sort=index" : "")}"), ("Accept", "application/newlines"));
            if (answer.Status != 200)
            {
                return Failed(answer);
            }

            foreach (var line in answer.Text.Split('\n')[..^1])
            {
                var record = JsonDocument.Parse(line).RootElement;
                var key = (engine, record.GetProperty("id").GetString()!);
                var parts = record.GetProperty("payload").GetString()!.Split('|', 2);
                Assert.Equal(BulkKey, parts[0]);
                if (!changed.Contains(key))
                {
                    Items[key] = parts[1];
                    if (parts[1] == "deleted")
                    {
                        Items.Remove(key);
                    }
                }
            }

            lastSync[engine] = double.Parse(answer.Timestamp, CultureInfo.InvariantCulture);
        }

        // :: Step 2: what has changed here, a hundred at a time.
        foreach (var chunk in changed.Where(key => key.Engine == engine).ToList().Chunk(UploadAtOnce))
        {
            var records = chunk.Select(key => WeaveClient.Wbo(key.Id, $"{BulkKey}|{Items.GetValueOrDefault(key) ?? "deleted"}", ",\"sortindex\":1,\"ttl\":5184000"));
            var answer = await client.PostAsync($"/storage/{engine}", $"[{string.Join(',', records)}]");
            if (answer.Status != 200)
            {
                return Failed(answer);
            }

            if (answer.Headers.TryGetValue("X-Weave-Quota-Remaining", out var left))
            {
                QuotaLeft = (int)double.Parse(left, CultureInfo.InvariantCulture);
            }

            Assert.Empty(answer.Json.GetProperty("failed").EnumerateObject());
            foreach (var id in answer.Json.GetProperty("success").EnumerateArray())
            {
                changed.Remove((engine, id.GetString()!));
            }

            lastSync[engine] = double.Parse(answer.Timestamp, CultureInfo.InvariantCulture);
        }

        return true;
    }

    private async Task<WeaveAnswer> AnonymouslyAsync(string method, string target) => await client.SendAsync(method, target, body: null, ("Authorization", ""));

    private bool Failed(WeaveAnswer answer)
    {
        Failures.Add(answer.Status == 400 && answer.Text == "14" ? 14 : answer.Status);
        if (answer.Status == 401)
        {
            cluster = null;
        }

        return false;
    }
}
