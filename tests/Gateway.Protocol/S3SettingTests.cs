using Lockstep.Silo.Hosting;
using Microsoft.Extensions.Configuration;

namespace Lockstep.Gateway.Protocol;

/// <summary>Settings of a bucket for files: what cannot be is one line, and no line says the secret.</summary>
public sealed class S3SettingTests : IDisposable
{
    private const string Secret = "what-nobody-may-log";
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("lockstep-test-");

    [Theory]
    [InlineData("Bucket=", "Bucket is not set, and other settings of Kinto:Attachments:S3 are. Name the bucket, or leave them out.")]
    [InlineData("Bucket=a", "Bucket is 'a', which is no name of a bucket. Use 3 to 63 letters, digits, dots and dashes.")]
    [InlineData("Prefix=/files", "Prefix is '/files'. Use letters, digits, dashes and underscores in parts that each end with a slash: lockstep/.")]
    [InlineData("Prefix=a/../", "Prefix is 'a/../'. Use letters, digits, dashes and underscores in parts that each end with a slash: lockstep/.")]
    [InlineData("Endpoint=s3.example.org", "Endpoint is 's3.example.org', which is no URL of a store. Use something like https://s3.example.org, without the bucket.")]
    [InlineData("Endpoint=https://s3.example.org/files", "Endpoint is 'https://s3.example.org/files', which is no URL of a store. Use something like https://s3.example.org, without the bucket.")]
    [InlineData("Region=", "Region is '', which is no name of a region. Use something like eu-central-1.")]
    [InlineData("SecretFile=/no/such/file", "SecretFile is '/no/such/file', which is no file that can be read.", "Secret")]
    [InlineData("KeyId=", "KeyId needs Kinto:Attachments:S3:Secret or Kinto:Attachments:S3:SecretFile, and these need it. Set both, or none where the machine has a role at Amazon.")]
    [InlineData("Timeout=00:00:00", "Timeout is 00:00:00. It must be at least 00:00:01.")]
    public void Setting_ThatCannotBe_IsToldInALine(string setting, string problem, string? without = null)
    {
        var settings = Good();
        if (without is not null)
        {
            settings.Remove(without);
        }

        var parts = setting.Split('=', 2);
        settings[parts[0]] = parts[1];

        Assert.Equal($"Kinto:Attachments:S3:{problem}", Assert.Throws<SettingsException>(() => Read(settings)).Message);
    }

    [Fact]
    public void Bucket_WithoutRegionAndEndpoint_IsRefused()
    {
        var settings = Good();
        settings.Remove("Region");

        Assert.Equal(
            "Kinto:Attachments:S3:Bucket is set, and neither Kinto:Attachments:S3:Region nor Kinto:Attachments:S3:Endpoint is. Set the region of a bucket at Amazon, or the endpoint of another store.",
            Assert.Throws<SettingsException>(() => Read(settings)).Message);
    }

    [Fact]
    public void Secret_BesideAFile_IsRefused_AndNotSaid()
    {
        var settings = Good();
        settings["SecretFile"] = SecretFile();

        Assert.Equal("Kinto:Attachments:S3:Secret and Kinto:Attachments:S3:SecretFile are both set. Use one.", Assert.Throws<SettingsException>(() => Read(settings)).Message);
    }

    [Fact]
    public void Settings_OfABucket_AreTaken_AndTheSecretIsNotShown()
    {
        var options = Read(Good());

        Assert.Equal(Secret, options.Kinto.Attachments.S3.Secret);
        Assert.DoesNotContain(Secret, $"{options.Kinto.Attachments} {options.Kinto.Attachments.S3}", StringComparison.Ordinal);
        using var content = ServerStorage.S3Of(options, static _ => { });
        Assert.NotNull(content);
    }

    [Fact]
    public void Settings_WithTheSecretInAFile_AreTaken()
    {
        var settings = Good();
        settings.Remove("Secret");
        settings["SecretFile"] = SecretFile();

        using var content = ServerStorage.S3Of(Read(settings), static _ => { });
        Assert.NotNull(content);
    }

    [Fact]
    public void SecretFile_ThatIsEmpty_IsRefused()
    {
        var settings = Good();
        settings.Remove("Secret");
        settings["SecretFile"] = SecretFile();
        File.WriteAllText(settings["SecretFile"]!, "\n");

        Assert.Equal(
            $"Kinto:Attachments:S3:SecretFile '{settings["SecretFile"]}' is empty.",
            Assert.Throws<SettingsException>(() => ServerStorage.S3Of(Read(settings), static _ => { })).Message);
    }

    [Fact]
    public async Task Bucket_BesideADirectory_DoesNotStart()
    {
        var options = Read(Good());
        options = options with { DataDirectory = directory.FullName, Kinto = options.Kinto with { Attachments = options.Kinto.Attachments with { Directory = directory.FullName } } };

        Assert.Equal(
            "Kinto:Attachments:Directory and Kinto:Attachments:S3:Bucket are both set. Leave out one: files lie in one place.",
            (await Assert.ThrowsAsync<SettingsException>(() => ServerStorage.OpenAsync(options, exclusive: true, static _ => { }))).Message);
    }

    public void Dispose() => directory.Delete(recursive: true);

    private static Dictionary<string, string?> Good() => new() { ["Bucket"] = "files", ["Region"] = "eu-central-1", ["KeyId"] = "AKIA", ["Secret"] = Secret };

    private static LockstepOptions Read(Dictionary<string, string?> settings) => LockstepSettings.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(static setting => KeyValuePair.Create($"{SettingNames.Section}:Kinto:Attachments:S3:{setting.Key}", setting.Value)))
        .Build());

    private string SecretFile()
    {
        var path = Path.Combine(directory.FullName, "secret");
        File.WriteAllText(path, Secret + "\n");
        return path;
    }
}
