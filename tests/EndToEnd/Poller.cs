using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Lockstep.EndToEnd;

/// <summary>A device that asks for what is new, page after page, of whichever server it is told to.</summary>
public sealed class Poller(string name, string password, IReadOnlyList<Uri> servers) : IDisposable
{
    private readonly HttpClient http = new()
    {
        DefaultRequestHeaders =
        {
            Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"))),
        },
    };

    /// <summary>The stamp of what it has seen.</summary>
    public long ETag { get; private set; }

    /// <summary>Records seen so far, id to stamp.</summary>
    public Dictionary<string, long> Seen { get; } = new(StringComparer.Ordinal);

    /// <summary>Polls once. Fails when the server's answer goes back.</summary>
    public async Task PollAsync(Func<Uri> chooseServer)
    {
        long stamp;
        var next = $"{Device.Records}?_limit=50&_since=%22{ETag}%22";
        do
        {
            using var response = await http.GetAsync(new Uri(chooseServer(), next));
            var body = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{response.StatusCode} {body}");
            stamp = long.Parse(response.Headers.ETag!.Tag.Trim('"'));
            Assert.True(stamp >= ETag, $"The ETag went back from {ETag} to {stamp}.");
            foreach (var record in JsonDocument.Parse(body).RootElement.GetProperty("data").EnumerateArray())
            {
                Seen[record.GetProperty("id").GetString()!] = record.GetProperty("last_modified").GetInt64();
            }

            next = response.Headers.TryGetValues("Next-Page", out var page) ? new Uri(page.Single()).PathAndQuery : null;
        }
        while (next is not null);

        ETag = stamp;
    }

    public Uri Any() => servers[Random.Shared.Next(servers.Count)];

    public void Dispose() => http.Dispose();
}
