using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Lockstep.Storage.PostgreSql.Testing;
using Microsoft.Data.Sqlite;

namespace Lockstep.EndToEnd;

/// <summary>Data that 0.1.0 wrote: this program opens it, answers as 0.1.0 did, and goes on with it.</summary>
public sealed class FormerDataTests : IAsyncLifetime
{
    private TestStorage storage = null!;

    public async Task InitializeAsync()
    {
        storage = await TestStorage.CreateAsync();
        if (storage.Connection is { } connection)
        {
            await PostgresServer.ExecuteAsync(connection, await ReadAsync("postgresql.sql"));
            return;
        }

        await using var file = new SqliteConnection($"Data Source={Path.Combine(storage.Directory, "lockstep.db")};Pooling=False");
        await file.OpenAsync();
        await using var fill = file.CreateCommand();
        fill.CommandText = await ReadAsync("sqlite.sql");
        await fill.ExecuteNonQueryAsync();
    }

    public async Task DisposeAsync() => await storage.DisposeAsync();

    [Fact]
    public async Task DataOf010_IsAnsweredAsItWas_AndWrittenOn()
    {
        var (server, address) = await ServerProcess.StartAsync(storage, ["--accounts:registration", "open"]);
        using (server)
        {
            foreach (var line in (await ReadAsync("answers.jsonl")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                var expected = JsonDocument.Parse(line).RootElement;
                var path = expected.GetProperty("path").GetString()!;
                using var answer = await SendAsync(HttpMethod.Get, address, expected.GetProperty("as").GetString()!, path);
                Assert.True(expected.GetProperty("status").GetInt32() == (int)answer.StatusCode, $"{path}: {answer.StatusCode}");
                if (answer.IsSuccessStatusCode)
                {
                    Assert.Equal(expected.GetProperty("etag").GetString(), answer.Headers.ETag?.Tag);
                    Assert.Equal(expected.GetProperty("body").GetString(), await answer.Content.ReadAsStringAsync());
                }
            }

            // :: Stamps go on from where they were, and history is not lost: a device that was away gets the change alone.
            const string records = "/buckets/default/collections/tasks/records";
            using var before = await SendAsync(HttpMethod.Head, address, "alice:s3cr3t", records);
            using var written = await SendAsync(HttpMethod.Put, address, "alice:s3cr3t", $"{records}/r1", """{"data":{"title":"anew"}}""");
            Assert.Equal(HttpStatusCode.OK, written.StatusCode);
            Assert.True(Stamp(written) > Stamp(before));
            using var changes = await SendAsync(HttpMethod.Get, address, "alice:s3cr3t", $"{records}?_since={Stamp(before)}");
            var change = Assert.Single(JsonDocument.Parse(await changes.Content.ReadAsStringAsync()).RootElement.GetProperty("data").EnumerateArray());
            Assert.Equal("r1", change.GetProperty("id").GetString());
        }
    }

    private static long Stamp(HttpResponseMessage answer) => long.Parse(answer.Headers.ETag!.Tag.Trim('"'));

    private static async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, string credentials, string path, string? json = null)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(method, new Uri(address, "/v1" + path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        return await client.SendAsync(request);
    }

    private static Task<string> ReadAsync(string file) => File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Former", file));
}
