using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

/// <summary>Whom the settings let in, whatever objects say: each setting at the objects of its own role, and nowhere else.</summary>
public sealed class AccessSettingsTests(AccessSettingsTests.Server server) : IClassFixture<AccessSettingsTests.Server>
{
    private static readonly string[] Roles = ["bucket", "collection", "group", "record"];
    private static int worlds;

    public sealed class Server() : KintoServer(static options => options with
    {
        Buckets = options.Buckets with
        {
            Access = options.Buckets.Access with
            {
                BucketCreatePrincipals = "account:bucket-create, account:owner",
                BucketReadPrincipals = "account:bucket-read",
                BucketWritePrincipals = "account:bucket-write",
                CollectionCreatePrincipals = "account:collection-create",
                CollectionReadPrincipals = "account:collection-read",
                CollectionWritePrincipals = "account:collection-write",
                GroupCreatePrincipals = "account:group-create",
                GroupReadPrincipals = "account:group-read",
                GroupWritePrincipals = "account:group-write",
                RecordCreatePrincipals = "account:record-create",
                RecordReadPrincipals = "account:record-read",
                RecordWritePrincipals = "account:record-write",
            },
        },
    });

    public static TheoryData<string, string> Settings
    {
        get
        {
            var settings = new TheoryData<string, string>();
            foreach (var role in Roles)
            {
                settings.Add(role, "create");
                settings.Add(role, "read");
                settings.Add(role, "write");
            }

            return settings;
        }
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public async Task Account_ThatASettingNames_MayWhatItSays_AtObjectsOfThatRoleAlone(string role, string right)
    {
        using var owner = await SignUpAsync("owner");
        using var named = await SignUpAsync($"{role}-{right}");
        var bucket = $"/buckets/world{Interlocked.Increment(ref worlds)}";
        Assert.Equal(201, (await owner.PutAsync(bucket, "{}")).Status);
        Assert.Equal(201, (await owner.PutAsync($"{bucket}/collections/there", "{}")).Status);
        Assert.Equal(201, (await owner.PutAsync($"{bucket}/groups/there", """{"data":{"members":[]}}""")).Status);
        Assert.Equal(201, (await owner.PutAsync($"{bucket}/collections/there/records/there", "{}")).Status);

        foreach (var (of, list) in new[] { ("collection", $"{bucket}/collections"), ("group", $"{bucket}/groups"), ("record", $"{bucket}/collections/there/records") })
        {
            Expect(of == role && right is "read" or "write", await named.GetAsync($"{list}/there"));

            // Whoever may make some may list them, and sees what they made.
            Expect(of == role, await named.GetAsync(list));
            Expect(of == role && right is "write", await named.SendAsync("PATCH", $"{list}/there", """{"data":{"a":1}}"""));
            Expect(of == role && right is "create" or "write", await named.PutAsync($"{list}/new", of is "group" ? """{"data":{"members":[]}}""" : "{}"));
        }

        Expect(role is "bucket" && right is "read" or "write", await named.GetAsync(bucket));
        Expect(role is "bucket" && right is "write", await named.SendAsync("PATCH", bucket, """{"data":{"a":1}}"""));
        Expect(role is "bucket" && right is "create" or "write", await named.PutAsync($"{bucket}-new", "{}"));

        void Expect(bool isLetIn, KintoAnswer answer)
        {
            if (isLetIn)
            {
                Assert.InRange(answer.Status, 200, 201);
            }
            else
            {
                answer.AssertError(403, KintoErrno.Forbidden);
            }
        }
    }

    [Fact]
    public async Task Author_WhereAuthorsMayNotWrite_MayOnlyWhatTheObjectSays()
    {
        await using var strict = await KintoServer.StartAsync(static options => options with
        {
            Buckets = options.Buckets with { Access = options.Buckets.Access with { AuthorsMayWrite = false } },
        });
        using var alice = await strict.NewUserAsync();
        var id = (await alice.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString();

        Assert.Equal(201, (await alice.PutAsync("/buckets/silent", "{}")).Status);
        Assert.Equal(201, (await alice.PutAsync("/buckets/says", $$$"""{"permissions":{"write":["{{{id}}}"]}}""")).Status);

        (await alice.GetAsync("/buckets/silent")).AssertError(403, KintoErrno.Forbidden);
        (await alice.SendAsync("PATCH", "/buckets/silent", """{"data":{"a":1}}""")).AssertError(403, KintoErrno.Forbidden);
        (await alice.DeleteAsync("/buckets/silent")).AssertError(403, KintoErrno.Forbidden);
        Assert.Equal(200, (await alice.SendAsync("PATCH", "/buckets/says", """{"data":{"a":1}}""")).Status);
        Assert.False((await alice.GetAsync("/")).Json.GetProperty("settings").GetProperty("explicit_permissions").GetBoolean());

        // What is one's own needs no right.
        Assert.Equal(201, (await alice.PutAsync($"{KintoClient.Records}/r", "{}")).Status);
        Assert.Equal(200, (await alice.SendAsync("PATCH", $"{KintoClient.Records}/r", """{"data":{"a":1}}""")).Status);
    }

    private async Task<KintoClient> SignUpAsync(string name)
    {
        using var anonymous = server.Anonymous();
        _ = await anonymous.PutAsync($"/accounts/{name}", """{"data":{"password":"s3cr3t"}}""");
        return server.As(name, "s3cr3t");
    }
}
