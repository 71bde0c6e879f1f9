using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Core.Time;
using Lockstep.Gateway.Kinto;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>Files of records: how they come, are read, replaced and removed, and who may do so.</summary>
public sealed class AttachmentTests(AttachmentTests.Server server) : IClassFixture<AttachmentTests.Server>, IAsyncLifetime
{
    private const string Boundary = "--a-boundary--";
    private const int MaxBytes = 600_000;
    private static int buckets;

    private readonly string bucket = $"/buckets/files{Interlocked.Increment(ref buckets)}";
    private KintoClient client = null!;

    private string Record => $"{bucket}/collections/c/records/r";

    public async Task InitializeAsync()
    {
        client = await server.NewUserAsync();
        await client.PutAsync(bucket, "{}");
        await client.PutAsync($"{bucket}/collections/c", "{}");
    }

    public Task DisposeAsync()
    {
        client.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Capability_TellsWhereFilesAre() => Assert.Equal(
        $"{server.Address}v1/attachments/",
        (await client.GetAsync("/")).Json.GetProperty("capabilities").GetProperty("attachments").GetProperty("base_url").GetString());

    [Fact]
    public async Task Upload_MakesTheRecord_WithItsDataAndRights_AndSaysWhereItIs()
    {
        var answer = await UploadAsync(Record, File("Report ä.TXT", "hello", "Text/Plain; charset=utf-8"), Field("data", """{"a":1.50,"id":"r"}"""), Field("permissions", """{"read":["system.Everyone"]}"""));

        Assert.Equal((201, $"{server.Address}v1{Record}"), (answer.Status, answer.Headers["Location"]));
        var hash = Convert.ToHexStringLower(SHA256.HashData("hello"u8));
        Assert.Equal(("Report ä.TXT", "text/plain", 5, hash), (
            answer.Json.GetProperty("filename").GetString(), answer.Json.GetProperty("mimetype").GetString(), answer.Json.GetProperty("size").GetInt32(), answer.Json.GetProperty("hash").GetString()));
        Assert.Matches($"^{server.Address}v1/attachments/[0-9a-f]{{48}}\\.txt$", answer.Json.GetProperty("location").GetString());

        var record = await client.GetAsync(Record);
        Assert.Equal(record.ETag, answer.ETag);
        Assert.Equal("1.50", record.Data.GetProperty("a").GetRawText());
        Assert.Equal(answer.Text, record.Data.GetProperty("attachment").GetRawText());
        Assert.Equal("system.Everyone", record.Json.GetProperty("permissions").GetProperty("read")[0].GetString());
    }

    [Fact]
    public async Task File_IsForWhoeverKnowsItsUrl_AndForNoPageOfThisServer()
    {
        var path = PathOf(await UploadAsync(Record, File("page.html", "<script>", "text/html")));
        using var anonymous = server.Anonymous();

        var file = await anonymous.GetAsync(path);

        Assert.Equal((200, "<script>", "text/html", "8"), (file.Status, file.Text, file.Headers["Content-Type"], file.Headers["Content-Length"]));
        Assert.StartsWith("attachment; filename=page.html", file.Headers["Content-Disposition"], StringComparison.Ordinal);
        Assert.Equal("nosniff", file.Headers["X-Content-Type-Options"]);
        Assert.Contains("sandbox", file.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal($"\"{Convert.ToHexStringLower(SHA256.HashData("<script>"u8))}\"", file.ETag);

        var head = await anonymous.SendAsync("HEAD", path);
        Assert.Equal((200, "", "8", file.ETag), (head.Status, head.Text, head.Headers["Content-Length"], head.ETag));
        Assert.Equal((304, file.ETag), await StatusAndTagAsync("If-None-Match", $"\"other\", W/{file.ETag}"));
        Assert.Equal((200, file.ETag), await StatusAndTagAsync("If-None-Match", "\"other\""));
        Assert.Equal((200, file.ETag), await StatusAndTagAsync("If-Match", file.ETag));
        (await anonymous.GetAsync(path, ("If-Match", "\"other\""))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await anonymous.GetAsync("/attachments/" + new string('a', 48))).AssertError(404, KintoErrno.MissingResource);

        async Task<(int, string)> StatusAndTagAsync(string header, string value) => await anonymous.GetAsync(path, (header, value)) is var answer ? (answer.Status, answer.ETag) : default;
    }

    [Fact]
    public async Task File_OfSeveralPieces_IsReadWhole_AndInParts()
    {
        var text = string.Concat(Enumerable.Range(0, MaxBytes / 8).Select(static i => $"{i:D8}"));
        var path = PathOf(await UploadAsync(Record, File("a", text)));

        Assert.Equal(text, (await client.GetAsync(path)).Text);
        foreach (var (range, from, length) in new[]
        {
            ("bytes=0-0", 0, 1), ("bytes=262140-262149", 262_140, 10), ("bytes=262144-", 262_144, MaxBytes - 262_144), ("bytes=-9", MaxBytes - 9, 9), ("bytes=599999-700000", MaxBytes - 1, 1),
            ("bytes=-700000", 0, MaxBytes),
        })
        {
            var part = await client.GetAsync(path, ("Range", range));
            Assert.Equal((range, 206, $"bytes {from}-{from + length - 1}/{MaxBytes}"), (range, part.Status, part.Headers["Content-Range"]));
            Assert.True(part.Text == text[from..(from + length)], range);
        }

        var beyond = await client.GetAsync(path, ("Range", "bytes=600000-"));
        Assert.Equal((416, $"bytes */{MaxBytes}"), (beyond.Status, beyond.Headers["Content-Range"]));
        foreach (var (name, value) in new[] { ("If-Range", "\"other\""), ("X-Other", "") })
        {
            var whole = await client.GetAsync(path, ("Range", name is "If-Range" ? "bytes=0-0" : "bytes=0-0,5-6"), (name, value));
            Assert.Equal((200, MaxBytes), (whole.Status, whole.Text.Length));
        }
    }

    [Fact]
    public async Task Upload_OfNothing_IsAFile()
    {
        var file = await client.GetAsync(PathOf(await UploadAsync(Record, File("empty", ""))));

        Assert.Equal((200, "", "0"), (file.Status, file.Text, file.Headers["Content-Length"]));
    }

    [Fact]
    public async Task Upload_ToARecordThatIsThere_KeepsItsData_AndTheFileBeforeIsGone()
    {
        await client.PutAsync(Record, """{"data":{"a":1,"b":2}}""");
        var first = await UploadAsync(Record, File("a", "1"), Field("data", """{"b":3}"""));
        var second = await UploadAsync(Record, File("a", "2"), Field("data", $$"""{"attachment":{{first.Text}}}"""));

        Assert.Equal((200, 200), (first.Status, second.Status));
        Assert.Equal($$"""{"a":1,"b":3,"attachment":{{second.Text}}}""", (await DataAsync()).GetRawText());
        (await client.GetAsync(PathOf(first))).AssertError(404, KintoErrno.MissingResource);
        Assert.Equal("2", (await client.GetAsync(PathOf(second))).Text);
    }

    [Theory]
    [InlineData("DELETE", "/attachment", 204)]
    [InlineData("DELETE", "", 200)]
    [InlineData("PATCH", "", 200)]
    [InlineData("PUT", "", 200)]
    [InlineData("DELETE", "/", 200)]
    [InlineData("DELETE", "//", 200)]
    [InlineData("DELETE", "////", 200)]
    public async Task File_IsGone_WithWhatItBelongsTo(string method, string up, int status)
    {
        var file = PathOf(await UploadAsync(Record, File("a", "1")));
        var target = up is "/attachment" ? Record + up : string.Join('/', Record.Split('/')[..^up.Length]);

        Assert.Equal(status, (await client.SendAsync(method, target, method[0] == 'P' ? """{"data":{"attachment":null}}""" : null)).Status);

        (await client.GetAsync(file)).AssertError(404, KintoErrno.MissingResource);
        if (up is "/attachment")
        {
            Assert.Equal(System.Text.Json.JsonValueKind.Null, (await DataAsync()).GetProperty("attachment").ValueKind);
        }
    }

    [Fact]
    public async Task Record_SaysOfItsFileWhatIsSo_AndNothingElse()
    {
        var file = (await UploadAsync(Record, File("a", "1"))).Text;

        Assert.Equal(200, (await client.PutAsync(Record, $$$"""{"data":{"n":1,"attachment":{{{file}}}}}""")).Status);
        Assert.Equal(200, (await client.SendAsync("PATCH", Record, """{"data":{"n":2}}""")).Status);
        foreach (var (path, said) in new[] { (Record, """{"manual":"true"}"""), (Record, file.Replace("\"size\":1", "\"size\":2", StringComparison.Ordinal)), (Record + "2", file) })
        {
            var refused = await client.PutAsync(path, $$$"""{"data":{"attachment":{{{said}}}}}""");
            refused.AssertError(400, KintoErrno.InvalidParameters);
            Assert.Contains("Attachment metadata cannot be modified", refused.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal(file, (await DataAsync()).GetProperty("attachment").GetRawText());
    }

    [Theory]
    [InlineData("body: Filename is required.", "attachment;filename=")]
    [InlineData("Attachment missing.", "fichierjoint-in-data")]
    [InlineData("body: 'my_field' not in ('data', 'permissions')", "my_field")]
    [InlineData("body: data is not valid JSON", "data", "{>a")]
    [InlineData("body: permissions is not valid JSON", "permissions", "{>a")]
    [InlineData("body: 'data' field should be passed as form data, not files", "data;filename=data")]
    [InlineData("body: attachment should be given once.", "attachment;filename=b")]
    [InlineData("Object id does not match existing object", "data", """{"id":"other"}""", 107)]
    [InlineData("data should be an object", "data", "[]", 107)]
    public async Task Upload_ThatIsWrong_SaysSo_AndLeavesNothing(string message, string part, string content = "{}", int errno = 109)
    {
        var parts = part is "fichierjoint-in-data" ? [Field("data", "{}")] : part is "attachment;filename=" ? new[] { Part(part, content) } : [File("a", "1"), Part(part, content)];

        var answer = await UploadAsync(Record, parts);

        answer.AssertError(400, errno);
        Assert.StartsWith(message, answer.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        await AssertNothingAsync();
    }

    [Fact]
    public async Task Upload_ThatIsNoForm_Is400()
    {
        (await client.PostAsync(Record + "/attachment", "{}")).AssertError(400, KintoErrno.InvalidParameters);
        var without = await client.SendRawAsync("POST", $"/v1{Record}/attachment", [], ("Content-Type", "multipart/form-data"));
        without.AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal("Invalid boundary in multipart form: ''", without.Json.GetProperty("message").GetString());
        (await client.SendRawAsync("POST", $"/v1{Record}/attachment", "no form"u8.ToArray(), ("Content-Type", $"multipart/form-data; boundary={Boundary}"))).AssertError(400, KintoErrno.InvalidPostedData);
        await AssertNothingAsync();
    }

    [Fact]
    public async Task Upload_OfMoreThanAFileMayHave_Is413_AndLeavesNothing()
    {
        (await UploadAsync(Record, File("a", new string('x', MaxBytes + 1)))).AssertError(413, KintoErrno.RequestTooLarge);
        await AssertNothingAsync();
    }

    [Theory]
    [InlineData("a.exe", "image/png")]
    [InlineData("a.png", "application/pdf")]
    public void Settings_NameWhatAFileMayBe(string name, string type)
    {
        var options = new Kinto.Attachments.AttachmentOptions { Extensions = "png, TXT", MediaTypes = "image/*,text/plain" };

        Assert.False(options.Allows(name) && options.AllowsType(type));
        Assert.True(options.Allows("b.PNG") && options.Allows("c.txt") && options.AllowsType("image/png") && options.AllowsType("text/plain"));
        Assert.False(options.Allows("png") || options.AllowsType("text/html"));
    }

    [Fact]
    public async Task Precondition_IsJudged_BeforeAnythingIsUploaded()
    {
        await client.PutAsync(Record, "{}");
        var etag = (await client.GetAsync(Record)).ETag;

        (await UploadAsync(Record, [("If-None-Match", "*")], File("a", "1"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await UploadAsync(Record, [("If-Match", "\"1\"")], File("a", "1"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        await AssertNothingAsync();
        Assert.Equal(200, (await UploadAsync(Record, [("If-Match", etag)], File("a", "1"))).Status);
    }

    [Fact]
    public async Task DefaultBucket_ComesIntoBeingWithAFile()
    {
        var answer = await UploadAsync("/buckets/default/collections/pix/records/a", File("a", "1"));

        Assert.Equal(201, answer.Status);
        Assert.Equal("1", (await client.GetAsync(PathOf(answer))).Text);
        Assert.Equal(answer.Text, (await client.GetAsync("/buckets/default/collections/pix/records/a")).Data.GetProperty("attachment").GetRawText());
    }

    [Fact]
    public async Task Batch_TakesAFileAway_AndBringsNone()
    {
        var file = PathOf(await UploadAsync(Record, File("a", "1")));

        var batch = await client.PostAsync(
            "/batch",
            $$$"""{"requests":[{"path":"{{{file}}}"},{"method":"POST","path":"{{{Record}}}/attachment","headers":{"Content-Type":"multipart/form-data; boundary=a"}},{"method":"DELETE","path":"{{{Record}}}/attachment"}]}""");

        Assert.Equal([400, 400, 204], batch.Json.GetProperty("responses").EnumerateArray().Select(static response => response.GetProperty("status").GetInt32()));
        Assert.Equal(404, (await client.GetAsync(file)).Status);
    }

    [Fact]
    public async Task Sweep_RemovesWhatNoRecordNames_AndNothingElse()
    {
        var (files, content) = (server.Services.GetRequiredService<IAttachmentStore>(), server.Services.GetRequiredService<IAttachmentContent>());
        var replaced = IdOf(await UploadAsync(Record, File("a", "1")));
        var kept = IdOf(await UploadAsync(Record, File("a", "2")));
        var deleted = IdOf(await UploadAsync(Record + "2", File("a", "3")));
        await client.DeleteAsync(Record + "2");
        var pending = new Attachment(new string('b', 48), BucketId.Named(Name), "c", "r", ServerTimestamp.Now(TimeProvider.System)) { FileName = "a", MediaType = "text/plain" };
        await files.AddAsync(pending, default);

        Assert.InRange(await SweepAsync(), 3, int.MaxValue);

        var left = (await FilesAsync()).Select(static file => file.Id).ToList();
        Assert.Contains(kept, left);
        Assert.Empty(left.Intersect([replaced, deleted, pending.Id]));
        Assert.Null(await content.ReadAsync(replaced, 0, default));
        Assert.Equal("2", (await client.GetAsync($"/attachments/{kept}")).Text);
    }

    [Fact]
    public async Task Replacements_AtOnce_EndWithAFileThatIsThere_AndOneOnly()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => UploadAsync(Record, File("a", $"content {i}"))));

        Assert.All(answers, static answer => Assert.True(answer.Status is 200 or 201, answer.Text));
        var last = (await DataAsync()).GetProperty("attachment").GetRawText();
        var at = Array.FindIndex(answers, answer => answer.Text == last);
        Assert.Equal($"content {at}", (await client.GetAsync(PathOf(answers[at]))).Text);
        foreach (var answer in answers.Where(answer => answer.Text != last))
        {
            Assert.Equal(404, (await client.GetAsync(PathOf(answer))).Status);
        }

        await SweepAsync();
        Assert.Equal([IdOf(answers[at])[..48]], (await FilesAsync()).Where(file => file.Bucket.Name == Name).Select(static file => file.Id));
        Assert.Equal(200, (await client.GetAsync(PathOf(answers[at]))).Status);
    }

    [SqliteFact("The limit on the size of the file is a setting of SQLite's.")]
    public async Task DiskFull_UploadsAre503_AndEachRecordHasTheFileThatItNames()
    {
        await using var full = await OwnServer.StartAsync();
        using var user = await full.Server.NewUserAsync();
        var answers = new List<KintoAnswer>();
        while (answers.Count < 40 && (answers.Count == 0 || answers[^1].Status == 201))
        {
            answers.Add(await UploadAsync(user, $"/buckets/default/collections/c/records/r{answers.Count}", [], [File("a", new string('x', 300_000))]));
        }

        answers[^1].AssertError(503, KintoErrno.Backend);
        var records = (await user.GetAsync("/buckets/default/collections/c/records")).Data.EnumerateArray().ToList();
        Assert.Equal(answers.Count - 1, records.Count);
        foreach (var record in records)
        {
            var path = new Uri(record.GetProperty("attachment").GetProperty("location").GetString()!).AbsolutePath["/v1".Length..];
            Assert.Equal(300_000, (await user.GetAsync(path)).Text.Length);
        }
    }

    [SqliteFact("A directory is for a server by itself.")]
    public async Task Directory_HasWhatIsInFiles_AndLosesIt()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("lockstep-files-");
        try
        {
            await using var alone = await OwnServer.StartAsync(directory.FullName);
            using var user = await alone.Server.NewUserAsync();
            var text = new string('x', 300_000) + "end";
            var file = await UploadAsync(user, "/buckets/default/collections/c/records/r", [], [File("a", text)]);

            Assert.Equal(text, (await user.GetAsync(PathOf(file))).Text);
            Assert.Equal("end", (await user.GetAsync(PathOf(file), ("Range", "bytes=300000-"))).Text);
            var stored = Assert.Single(directory.GetFiles("*", SearchOption.AllDirectories));
            Assert.Equal(text.Length, stored.Length);

            // What was cut short is not gone on with for ever.
            await using (var cut = stored.OpenWrite())
            {
                cut.SetLength(10);
            }

            await Assert.ThrowsAsync<HttpRequestException>(() => user.GetAsync(PathOf(file)));

            await user.DeleteAsync("/buckets/default/collections/c/records/r");
            await SweepAsync(alone.Server);
            Assert.Empty(directory.GetFiles("*", SearchOption.AllDirectories));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private string Name => bucket["/buckets/".Length..];

    private Task<int> SweepAsync() => SweepAsync(server);

    /// <summary>As if all files were old.</summary>
    private static Task<int> SweepAsync(KintoServer server) => new AttachmentSweep(
        server.Services.GetRequiredService<IAttachmentStore>(), server.Services.GetRequiredService<IAttachmentContent>(), server.Services.GetRequiredService<IBuckets>(),
        TimeSpan.FromDays(1), new FakeTime(TimeProvider.System.GetUtcNow().AddDays(2))).StepAsync(default);

    private async Task<IReadOnlyList<Attachment>> FilesAsync() =>
        await server.Services.GetRequiredService<IAttachmentStore>().ListAsync(new ServerTimestamp(long.MaxValue), 10_000, default);

    private async Task<System.Text.Json.JsonElement> DataAsync()
    {
        using var document = System.Text.Json.JsonDocument.Parse((await client.GetAsync(Record)).Text);
        var data = System.Text.Json.Nodes.JsonNode.Parse(document.RootElement.GetProperty("data").GetRawText())!.AsObject();
        data.Remove("id");
        data.Remove("last_modified");
        return System.Text.Json.JsonDocument.Parse(data.ToJsonString(new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })).RootElement;
    }

    /// <summary>No record, and no file of one.</summary>
    private async Task AssertNothingAsync()
    {
        Assert.False((await client.GetAsync(Record)) is { Status: 200 } answer && answer.Data.TryGetProperty("attachment", out _));
        Assert.DoesNotContain(await FilesAsync(), file => file.Bucket.Name == Name);
    }

    private static string PathOf(KintoAnswer answer) => new Uri(answer.Json.GetProperty("location").GetString()!).AbsolutePath["/v1".Length..];

    private static string IdOf(KintoAnswer answer) => PathOf(answer)["/attachments/".Length..];

    private Task<KintoAnswer> UploadAsync(string record, params string[] parts) => UploadAsync(record, [], parts);

    private Task<KintoAnswer> UploadAsync(string record, (string, string)[] headers, params string[] parts) => UploadAsync(client, record, headers, parts);

    private static Task<KintoAnswer> UploadAsync(KintoClient client, string record, (string, string)[] headers, string[] parts) => client.SendRawAsync(
        "POST", $"/v1{record}/attachment", Encoding.UTF8.GetBytes(string.Concat(parts) + $"--{Boundary}--\r\n"), [("Content-Type", $"multipart/form-data; boundary={Boundary}"), .. headers]);

    private static string File(string name, string content, string type = "text/plain") => Part($"attachment;filename={name}", content, type);

    private static string Field(string name, string content) => Part(name, content);

    /// <param name="name">With what follows a semicolon.</param>
    private static string Part(string name, string content, string? type = null)
    {
        var parts = name.Split(';');
        var file = parts.Length > 1 ? $"; filename=\"{parts[1]["filename=".Length..]}\"" : "";
        return $"--{Boundary}\r\nContent-Disposition: form-data; name=\"{parts[0]}\"{file}\r\n{(type is null ? "" : $"Content-Type: {type}\r\n")}\r\n{content}\r\n";
    }

    /// <summary>A server of one test: with a database that is soon full, or with a directory for files.</summary>
    private sealed class OwnServer : IAsyncDisposable
    {
        public required KintoServer Server { get; init; }

        public static async Task<OwnServer> StartAsync(string? directory = null) => new()
        {
            Server = await KintoServer.StartAsync(options => options with
            {
                MaxDatabaseBytes = directory is null ? 3 << 20 : 0,
                Kinto = options.Kinto with { Attachments = new() { Directory = directory } },
            }),
        };

        public async ValueTask DisposeAsync() => await Server.DisposeAsync();
    }

    public sealed class Server() : KintoServer(static options => options with
    {
        Kinto = options.Kinto with { Attachments = new() { MaxBytes = MaxBytes } },
    });
}
