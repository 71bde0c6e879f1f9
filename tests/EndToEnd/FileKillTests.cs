using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Lockstep.Storage.PostgreSql.Testing;
using Xunit.Abstractions;

namespace Lockstep.EndToEnd;

/// <summary>
/// Whatever ends the process in the middle of uploads, replacements and deletions, each record has the file that it names, and what was acknowledged is there, byte for byte.
/// </summary>
public sealed class FileKillTests(ITestOutputHelper log)
{
    private const string Records = "/v1/buckets/default/collections/pix/records";

    // Replaced by several at once. The others are each one writer's own.
    private const string Shared = Records + "/shared";
    private const int Writers = 3;
    private const int Sharers = 3;
    private const int RecordsOfEach = 3;

    // Several pieces, as files are stored in.
    private const int Bytes = 600_000;

    // A server that takes nothing is a failure, and no reason to go on for ever.
    private const int MaxRefusals = 1_000;

    private readonly ConcurrentDictionary<string, FileStates> states = new(StringComparer.Ordinal);
    private int acknowledged;

    [Fact]
    public Task Kill9_InTheMiddleOfUploads_LosesNothingAcknowledged_AndLeavesNoRecordWithoutItsFile() => KillAsync(rounds: 3, static _ => []);

    [SqliteFact("Files lie in a directory beside SQLite only.")]
    public Task Kill9_InTheMiddleOfUploadsIntoADirectory_LosesNothingAcknowledged_AndLeavesNoRecordWithoutItsFile() =>
        KillAsync(rounds: 2, static storage => ["--kinto:attachments:directory", Path.Combine(storage.Directory, "files")]);

    private async Task KillAsync(int rounds, Func<TestStorage, string[]> settings)
    {
        await using var storage = await TestStorage.CreateAsync();
        var seed = Random.Shared.Next();
        log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round <= rounds; round++)
        {
            // What nobody has claimed is removed when the next one starts.
            var (server, address) = await ServerProcess.StartAsync(storage, ["--kinto:attachments:collect-time", "00:00:03", .. settings(storage)]);
            using (server)
            {
                using var device = new Device(address, "alice", "s3cr3t");
                if (round == 0)
                {
                    await device.RegisterAsync("alice", "s3cr3t");
                }

                using var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
                http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("alice:s3cr3t"u8));
                await CheckAsync(http);
                if (round == rounds)
                {
                    break;
                }

                await WriteUntilKilledAsync(http, server, round, killAfter: random.Next(8, 30));
                await server.EndAsync();
            }
        }

        Assert.NotEqual(0, acknowledged);
    }

    private async Task WriteUntilKilledAsync(HttpClient http, ServerProcess server, int round, int killAfter)
    {
        var (writes, refusals) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, Writers + Sharers).Select(writer => Task.Run(async () =>
        {
            try
            {
                for (var i = 0; ; i++)
                {
                    var record = writer < Writers ? $"{Records}/w{writer}-{i % RecordsOfEach}" : Shared;
                    if (!await WriteAsync(http, record, writer < Writers && i % 4 == 3 ? null : $"{round}-{writer}-{i}") && Interlocked.Increment(ref refusals) < MaxRefusals)
                    {
                        continue;
                    }

                    if (Interlocked.Increment(ref writes) >= killAfter || refusals >= MaxRefusals)
                    {
                        server.Kill();
                    }
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // It is gone.
            }
        })));
    }

    /// <param name="http">As whom.</param>
    /// <param name="record">Its URL.</param>
    /// <param name="text">What the file begins with; null to delete the record.</param>
    /// <returns>Whether it was acknowledged.</returns>
    private async Task<bool> WriteAsync(HttpClient http, string record, string? text)
    {
        var state = states.GetOrAdd(record, static _ => new FileStates());
        state.Ask(text);
        using var form = new MultipartFormDataContent();
        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes((text ?? "").PadRight(Bytes)));
        form.Add(content, "attachment", "a.txt");
        using var response = text is null ? await http.DeleteAsync(record) : await http.PostAsync(record + "/attachment", form);
        if (!response.IsSuccessStatusCode)
        {
            if ((int)response.StatusCode < 500)
            {
                state.Refuse(text);
            }

            return false;
        }

        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        state.Acknowledge(text, text is null ? body.RootElement.GetProperty("data").GetProperty("last_modified").GetInt64() : long.Parse(response.Headers.ETag!.Tag.Trim('"')));
        Interlocked.Increment(ref acknowledged);
        return true;
    }

    private async Task CheckAsync(HttpClient http)
    {
        using var list = JsonDocument.Parse(await http.GetStringAsync(Records));
        var records = list.RootElement.GetProperty("data").EnumerateArray().ToDictionary(static record => $"{Records}/{record.GetProperty("id").GetString()}", StringComparer.Ordinal);
        Assert.Subset(states.Keys.ToHashSet(StringComparer.Ordinal), records.Keys.ToHashSet(StringComparer.Ordinal));
        foreach (var (record, state) in states)
        {
            var (text, stamp) = (default(string), 0L);
            if (records.TryGetValue(record, out var data))
            {
                // The port is another one after each start.
                using var response = await http.GetAsync(new Uri(data.GetProperty("attachment").GetProperty("location").GetString()!).AbsolutePath);
                Assert.True(response.IsSuccessStatusCode, $"{record} names a file that is not there.");
                var bytes = await response.Content.ReadAsStringAsync();
                (text, stamp) = (bytes.TrimEnd(' '), data.GetProperty("last_modified").GetInt64());
                Assert.Equal(Bytes, bytes.Length);
            }

            Assert.True(state.MayBe(text, stamp), $"{record} has the file '{text}' with the stamp {stamp}, and not one of {state}.");
            state.Begin(text, stamp);
        }

        log.WriteLine($"{records.Count} files, {acknowledged} acknowledged");
    }
}
