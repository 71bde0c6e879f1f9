using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Lockstep.Gateway.Sync15.Tests.Hostile;

/// <summary>A user's storage, of which nobody else writes: what is answered is looked at, and what a refused request has left behind.</summary>
internal sealed partial class WatchedStorage(SyncClient device, Random random)
{
    // Of so many requests one is followed by a look at all records.
    private const int OneIn = 12;

    private string? collections;
    private string? records;
    private long last;

    public async Task<SyncAnswer> SendAsync(HostileRequest request)
    {
        if (request.IsWrite)
        {
            collections ??= (await InfoAsync()).Text;
            records ??= random.Next(OneIn) == 0 ? await RecordsAsync() : null;
        }

        var answer = await device.SendBytesAsync(request.Method, request.Target, request.Body, [.. request.Headers]);
        request.Judge(answer, AssertShape);
        if (request.IsWrite && answer.Status == 200)
        {
            // What writes has a time of its own; a request that had nothing to do has the one of before.
            var isNew = answer.LastModified == answer.Timestamp && answer.Stamp > last;
            Assert.True(isNew || answer.Stamp == 0 || answer.Stamp == last, $"{answer.LastModified} after {last} hundredths");
            if (isNew)
            {
                (last, collections, records) = (answer.Stamp, null, null);
            }
        }
        else if (request.IsWrite)
        {
            Assert.Equal(collections, (await InfoAsync()).Text);
        }

        if (records is not null && random.Next(OneIn) == 0)
        {
            Assert.Equal(records, await RecordsAsync());
        }

        return answer;
    }

    private static void AssertShape(HostileRequest request, SyncAnswer answer)
    {
        Assert.True(answer.Status < 500 || (answer.Status == 503 && answer.Headers.ContainsKey("Retry-After")), "A fault of the server.");
        var now = SyncAnswer.Hundredths(answer.Timestamp);
        if (request.Method is "HEAD")
        {
            Assert.Empty(answer.Text);
            return;
        }

        if (request.Method is "OPTIONS" && answer.Status == 200)
        {
            return;
        }

        if (answer.Status is < 300 or 304 or 412)
        {
            Assert.True(answer.Stamp <= now, "Its last modification is still to come.");
        }

        if (answer.Status == 304)
        {
            Assert.Empty(answer.Text);
        }
        else if (answer.Status >= 400)
        {
            Assert.Matches(Number(), answer.Text);
            Assert.Equal("application/json", answer.Headers["Content-Type"]);
        }
        else if (answer.Headers["Content-Type"] == "application/newlines")
        {
            Assert.All(answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries), static line => JsonDocument.Parse(line).Dispose());
        }
        else
        {
            Assert.Equal("application/json", answer.Headers["Content-Type"]);
            Assert.True(answer.Json.ValueKind is JsonValueKind.Array or JsonValueKind.Object or JsonValueKind.Number, "No answer of the protocol.");
        }
    }

    private async Task<SyncAnswer> InfoAsync()
    {
        var info = (await device.GetAsync("/info/collections")).AssertOk();
        Assert.True(info.Stamp == last || (info.Stamp == 0 && info.Text == "{}"), $"{info.LastModified} for {last} hundredths");
        return info;
    }

    private async Task<string> RecordsAsync()
    {
        var all = new StringBuilder();
        foreach (var name in (await InfoAsync()).Json.EnumerateObject().Select(static item => item.Name))
        {
            all.Append((await device.GetAsync($"/storage/{name}?full=1")).AssertOk().Text).Append('\n');
        }

        return all.ToString();
    }

    [GeneratedRegex("^[0-9]{1,2}$", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
