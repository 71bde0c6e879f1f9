using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Sync11.Tests.Pairing;

/// <summary>What a device sends for a pairing, request by request, and which headers it looks at.</summary>
/// <remarks>UXP, services/sync/modules/jpakeclient.js.</remarks>
internal sealed class PairingDevice(Uri server) : IDisposable
{
    private readonly WeaveClient client = new(server, "", password: null);
    private string? own;
    private string? theirs;

    /// <summary>256 hexadecimal digits.</summary>
    public string Id { get; } = RandomNumberGenerator.GetHexString(256, lowercase: true);

    public string Channel { get; set; } = "";

    public async Task<string> OpenAsync()
    {
        var answer = (await SendAsync("GET", "/jpake/new_channel")).AssertOk();
        Assert.Equal("application/json", answer.Type);
        return Channel = answer.Json.GetString()!;
    }

    /// <summary>Leaves a message over the one that it has seen last.</summary>
    public async Task PutAsync(string message)
    {
        var answer = (await WriteAsync(message, theirs is null ? ("If-None-Match", "*") : ("If-Match", theirs))).AssertOk();
        own = answer.Headers["ETag"];
    }

    /// <summary>Asks whether there is a message that is not its own.</summary>
    /// <returns>Null for not yet.</returns>
    public async Task<JsonElement?> PollAsync()
    {
        var answer = own is null ? await ReadAsync() : await ReadAsync(("If-None-Match", own));
        if (answer.Status == 304)
        {
            Assert.Empty(answer.Bytes);
            return null;
        }

        theirs = answer.AssertOk().Headers["ETag"];
        return answer.Json;
    }

    /// <summary>The same where a message must be there.</summary>
    public async Task<JsonElement> GetAsync() => await PollAsync() ?? throw new Xunit.Sdk.XunitException("There was no new message.");

    public Task<WeaveAnswer> ReadAsync(params (string Name, string Value)[] headers) => SendAsync("GET", $"/jpake/{Channel}", body: null, headers);

    public Task<WeaveAnswer> WriteAsync(string message, params (string Name, string Value)[] headers) => SendAsync("PUT", $"/jpake/{Channel}", message, headers);

    public Task<WeaveAnswer> ReportAsync(string reason, string body = "") =>
        SendAsync("POST", "/jpake/report", body, ("X-KeyExchange-Cid", Channel), ("X-KeyExchange-Log", reason));

    public Task<WeaveAnswer> SendAsync(string method, string target, string? body = null, params (string Name, string Value)[] headers) =>
        client.SendAsync(method, target, body is null ? null : Encoding.UTF8.GetBytes(body), headers.Any(header => header.Name == "X-KeyExchange-Id") ? headers : [("X-KeyExchange-Id", Id), .. headers]);

    public void Dispose() => client.Dispose();
}
