using System.Collections;
using System.Reflection;
using System.Text.Json;
using Lockstep.Core.Settings;
using Lockstep.Gateway.Console.Administration.Settings;
using Lockstep.Silo.Administration;
using Lockstep.Silo.Hosting;
using Microsoft.Extensions.Configuration;

namespace Lockstep.Gateway.Protocol;

/// <summary>Settings are shown as they are in force, with their origin, and without what opens something.</summary>
public sealed class SettingsInForceTests : IDisposable
{
    private const string Canary = "canary-7Qm";

    // Names that sound like a secret, and are places or names.
    private static readonly string[] Harmless =
        ["Cluster:Tls:Key", "FirefoxAccounts:KeyFile", "Kinto:Attachments:S3:KeyId", "Kinto:Attachments:S3:SecretFile", "OpenId:Providers:1:ClientSecretFile", "Sync15:Issuers:1:KeysFile", "Sync15:Issuer:KeysFile", "Syncto:TokenServerUrl"];

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("lockstep-settings-");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public void Secret_IsShownAsSet_AndItsValueNowhere()
    {
        var secrets = Whole().Where(static one => one.Setting.Property.IsDefined(typeof(SecretAttribute))).Select(static one => one.Name).ToList();
        Assert.InRange(secrets.Count, 8, int.MaxValue);

        var settings = Read([.. secrets.Select(static (name, i) => ($"LOCKSTEP_{name.Replace(":", "__", StringComparison.Ordinal)}", $"{Canary}-{i}"))]);

        Assert.All(secrets, name =>
        {
            var one = settings.Single(one => one.Name == name);
            Assert.True(one is { IsSecret: true, IsSet: true, Value: null, Default: null, Origin: SettingOrigin.Environment }, name);
        });
        Assert.DoesNotContain(Canary, JsonSerializer.Serialize(settings), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_WhoseNameSoundsLikeASecret_IsDeclaredAsOne()
    {
        var sounding = Whole()
            .Where(static one => one.Setting.Property.PropertyType == typeof(string) || one.Setting.Value is IDictionary)
            .Where(static one => new[] { "Secret", "Password", "Key", "Token", "Connection", "Shards" }.Any(word => one.Name.Contains(word, StringComparison.Ordinal)))
            .Where(static one => !one.Name.Contains(":Tokens", StringComparison.Ordinal))
            .ToList();

        Assert.InRange(sounding.Count, 8, int.MaxValue);
        Assert.Equal(
            Harmless.Intersect(sounding.Select(static one => one.Name), StringComparer.Ordinal).Order(StringComparer.Ordinal),
            sounding.Where(static one => !one.Setting.Property.IsDefined(typeof(SecretAttribute))).Select(static one => one.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Origin_IsThePlaceThatCounts()
    {
        File.WriteAllText(Path.Combine(directory.FullName, "appsettings.json"), """{ "Lockstep": { "DataDirectory": "/file", "LogFormat": "json", "Kinto": { "ReadOnly": true } } }""");

        var settings = Read([("LOCKSTEP_LOG_FORMAT", "text"), ("LOCKSTEP_URLS", "http://127.0.0.1:1"), ("LOCKSTEP_MEMORY_BUDGET_BYTES", "100000000")], "--urls", "http://127.0.0.1:2");

        Assert.Equal(("/file", SettingOrigin.File), Of(settings, "DataDirectory"));
        Assert.Equal(("true", SettingOrigin.File), Of(settings, "Kinto:ReadOnly"));
        Assert.Equal(("text", SettingOrigin.Environment), Of(settings, "LogFormat"));
        Assert.Equal(("http://127.0.0.1:2", SettingOrigin.CommandLine), Of(settings, "Urls"));
        Assert.Equal(("All", SettingOrigin.Default), Of(settings, "Role"));
        Assert.Equal(SettingOrigin.Derived, Of(settings, "Http:MaxBufferedBytes").Origin);
    }

    [Fact]
    public void Group_ThatIsNumbered_HasALineForEachSettingInIt()
    {
        var settings = Read([("LOCKSTEP_BUCKETS__QUOTAS__OVERRIDES__1__USER", "account:alice"), ("LOCKSTEP_BUCKETS__QUOTAS__OVERRIDES__1__BYTES", "1000")]);

        Assert.Equal(("account:alice", SettingOrigin.Environment), Of(settings, "Buckets:Quotas:Overrides:1:User"));
        Assert.Equal(("1000", SettingOrigin.Environment), Of(settings, "Buckets:Quotas:Overrides:1:Bytes"));
        Assert.Equal((null, SettingOrigin.Default), Of(settings, "Buckets:Quotas:Overrides:1:Records"));
        Assert.Equal("LOCKSTEP_BUCKETS__QUOTAS__OVERRIDES__1__USER", settings.Single(static one => one.Name == "Buckets:Quotas:Overrides:1:User").Variable);
    }

    [Fact]
    public void Url_WithNameAndPassword_IsShownWithoutThem()
    {
        var settings = Read([("LOCKSTEP_OPEN_ID__PROXY", $"http://user:{Canary}@proxy.example:3128/")]);

        Assert.Equal("http://…@proxy.example:3128/", Of(settings, "OpenId:Proxy").Value);
    }

    private static (string? Value, SettingOrigin Origin) Of(IReadOnlyList<SettingInForce> settings, string name)
    {
        var one = settings.Single(one => one.Name == name);
        return (one.Value, one.Origin);
    }

    /// <summary>All settings, with those of one member of each numbered group.</summary>
    private static IEnumerable<(string Name, Setting Setting)> Whole() => Setting.Of(new LockstepOptions()).SelectMany(static setting =>
    {
        if (setting.Value is not IDictionary)
        {
            return [(setting.Name, setting)];
        }

        var member = setting.Value.GetType().GetGenericArguments()[1];
        return member == typeof(string)
            ? [($"{setting.Name}:1", setting)]
            : Setting.Of(Activator.CreateInstance(member)!, $"{setting.Name}:1:").Select(static inner => (inner.Name, inner));
    });

    private IReadOnlyList<SettingInForce> Read(IEnumerable<(string Name, string Value)> variables, params string[] arguments)
    {
        var environment = new Hashtable();
        foreach (var (name, value) in variables)
        {
            environment.Add(name, value);
        }

        // Not checked: what is shown does not depend on whether all settings fit together.
        var configuration = SettingSources.Read(directory.FullName, environment, arguments, PassedSockets.None);
        var options = configuration.GetSection(SettingNames.Section).Get<LockstepOptions>() ?? new();
        options = MemoryBudget.Share(options, name => configuration[$"{SettingNames.Section}:{name}"] is not null, 8L << 30);
        return new SettingsInForce(options, configuration).Read();
    }
}
