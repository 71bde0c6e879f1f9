using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Xunit.Abstractions;

namespace Lockstep.EndToEnd;

/// <summary>Whatever ends the process in the middle of uploads, replacements and deletions, each record has the file that it names.</summary>
public sealed class FileKillTests(ITestOutputHelper log)
{
    private const string Records = "/v1/buckets/default/collections/pix/records";
    private const int Writers = 4;
    private const int Rounds = 4;
    private const int Bytes = 600_000;

    [Fact]
    public async Task Kill9_InTheMiddleOfUploads_LeavesNoRecordWithoutItsFile()
    {
        await using var storage = await TestStorage.CreateAsync();
        var acknowledged = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var seed = Random.Shared.Next();
        log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round <= Rounds; round++)
        {
            // What nobody has claimed is removed when the next one starts.
            var (server, address) = await ServerProcess.StartAsync(storage, ["--kinto:attachments:collect-time", "00:00:03"]);
            using (server)
            {
                using var device = new Device(address, "alice", "s3cr3t");
                if (round == 0)
                {
                    await device.RegisterAsync("alice", "s3cr3t");
                }

                using var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
                http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("alice:s3cr3t"u8));
                await CheckAsync(http, acknowledged);
                if (round == Rounds)
                {
                    break;
                }

                var (killAfter, done) = (random.Next(5, 25), 0);
                await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
                {
                    var record = $"{Records}/r{writer}";
                    for (var i = 0; ; i++)
                    {
                        try
                        {
                            // Until there is an answer it may have either.
                            acknowledged.TryRemove(record, out _);
                            if (i % 4 == 3)
                            {
                                using var deleted = await http.DeleteAsync(record);
                            }
                            else
                            {
                                using var form = new MultipartFormDataContent();
                                using var content = new ByteArrayContent(Encoding.ASCII.GetBytes($"{round}-{writer}-{i}".PadRight(Bytes)));
                                form.Add(content, "attachment", "a.txt");
                                using var response = await http.PostAsync(record + "/attachment", form);
                                if (response.IsSuccessStatusCode)
                                {
                                    acknowledged[record] = await response.Content.ReadAsStringAsync();
                                }
                            }

                            if (Interlocked.Increment(ref done) == killAfter)
                            {
                                server.Kill();
                            }
                        }
                        catch (Exception e) when (e is HttpRequestException or IOException)
                        {
                            return;
                        }
                    }
                })));
                await server.EndAsync();
            }
        }
    }

    private async Task CheckAsync(HttpClient http, ConcurrentDictionary<string, string> acknowledged)
    {
        using var list = JsonDocument.Parse(await http.GetStringAsync(Records));
        var records = list.RootElement.GetProperty("data").EnumerateArray().ToDictionary(static record => $"{Records}/{record.GetProperty("id").GetString()}", StringComparer.Ordinal);
        foreach (var (record, said) in acknowledged)
        {
            Assert.Equal(said, records[record].GetProperty("attachment").GetRawText());
        }

        foreach (var (record, data) in records)
        {
            var file = data.GetProperty("attachment");

            // The port is another one after each start.
            using var response = await http.GetAsync(new Uri(file.GetProperty("location").GetString()!).AbsolutePath);
            Assert.True(response.IsSuccessStatusCode, $"{record} names a file that is not there.");
            Assert.Equal(file.GetProperty("hash").GetString(), Convert.ToHexStringLower(SHA256.HashData(await response.Content.ReadAsByteArrayAsync())));
        }

        log.WriteLine($"{records.Count} files, {acknowledged.Count} acknowledged");
    }
}
