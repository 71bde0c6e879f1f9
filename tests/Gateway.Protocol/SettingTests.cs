using System.Collections;
using System.Globalization;
using System.Reflection;
using Lockstep.Core.Settings;
using Lockstep.Silo.Hosting;
using Microsoft.Extensions.Configuration;

namespace Lockstep.Gateway.Protocol;

/// <summary>Each setting is declared once; docs and checks follow from that.</summary>
public sealed class SettingTests
{
    private static readonly Setting[] All = [.. Setting.Of(new LockstepOptions())];

    public static TheoryData<string> Bounded => [.. All.Where(static setting => Bounds(setting) is not null).Select(static setting => setting.Name)];

    [Fact]
    public void Docs_HaveALineForEachSetting_WithItsDefaultAndVariable_AndNoOthers() => Assert.Equal(
        All.Select(static setting => $"{NameInDocs(setting)} | {Default(setting.Value)} | {Variable(NameInDocs(setting))}").Order(StringComparer.Ordinal),
        MonitoringDocs.Configuration.Where(static line => line.EndsWith("` |", StringComparison.Ordinal) && line.Contains("| `LOCKSTEP_", StringComparison.Ordinal))
            .Select(static line => line.Trim('|', ' ').Split(" | "))
            .Select(static cells => $"{cells[0].Split('`')[1]} | {(cells[1].StartsWith("none", StringComparison.Ordinal) ? "none" : cells[1].Trim('`'))} | {cells[^1].Trim('`')}")
            .Order(StringComparer.Ordinal));

    [Fact]
    public void Declaration_OfANumberOrADuration_HasBounds()
    {
        var numbers = All.Where(static setting => setting.Value is TimeSpan or (IConvertible and not (string or bool or Enum))).ToList();

        Assert.InRange(numbers.Count, 40, int.MaxValue);
        Assert.All(numbers, static setting => Assert.True(Bounds(setting) is not null, setting.Name));
    }

    [Fact]
    public void Defaults_AreRight() => Assert.All(All, static setting => Assert.Null(setting.Problem(setting.Value)));

    [Theory]
    [MemberData(nameof(Bounded))]
    public void Value_BelowTheLeastOrAboveTheGreatest_IsAProblem_AndTheyAreNot(string name)
    {
        var setting = All.Single(setting => setting.Name == name);
        var bounds = Bounds(setting)!;
        var step = setting.Value is int or long ? 1 : 0.0001;
        var greatest = double.IsNaN(bounds.Max) ? (setting.Value is TimeSpan ? 86_400 : 1_000_000) : bounds.Max;

        Assert.Null(setting.Problem(Value(setting, bounds.Min)));
        Assert.Null(setting.Problem(Value(setting, greatest)));
        Assert.StartsWith($"{name} is ", setting.Problem(Value(setting, bounds.Min - step)), StringComparison.Ordinal);
        if (setting.Value is TimeSpan || !double.IsNaN(bounds.Max))
        {
            Assert.StartsWith($"{name} is ", setting.Problem(Value(setting, greatest + step)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Accounts:CacheTime", "30", "Accounts:CacheTime is 30.00:00:00. It must be at most 1.00:00:00. A bare number means days; write 00:00:30 for 30 seconds.")]
    [InlineData("Postgres:LeaseTime", "00:00:01", "Postgres:LeaseTime is 00:00:01. It must be at least 00:00:02. It is renewed each second.")]
    [InlineData("Postgres:LockTimeout", "00:00:00", "Postgres:LockTimeout is 00:00:00. It must be at least 00:00:00.0010000.")]
    [InlineData("Postgres:MaxConnections", "3", "Postgres:MaxConnections is 3. It must be at least 10.")]
    [InlineData("Kinto:BatchMaxRequests", "0", "Kinto:BatchMaxRequests is 0. It must be at least 1.")]
    [InlineData("Http:MaxHeaderBytes", "600000000", "Http:MaxHeaderBytes is 600000000. It must be at most 1048576.")]
    [InlineData("Telemetry:TraceRatio", "NaN", "Telemetry:TraceRatio is NaN. It must be at least 0. It is a part of 1: 0.01 traces one request in a hundred.")]
    [InlineData("Telemetry:Protocol", "http", "Telemetry:Protocol is 'http'. Use grpc or http/protobuf.")]
    [InlineData("Kinto:Contribute", "[]", "Kinto:Contribute is no JSON object. Use something like {\"name\": \"My server\", \"repository\": {\"url\": \"https://code.example.org/\"}}.")]
    [InlineData("LogFormat", "xml", "LogFormat is 'xml'. Use auto, json or text.")]
    [InlineData("Urls", "http://localhost:0", "Urls has 'http://localhost:0'. A free port is chosen for an address, not for a name with two of them: use http://127.0.0.1:0.")]
    [InlineData("Accounts:Registration", "5", "Accounts:Registration is 5. Use auto, open or closed.")]
    public void Value_ThatCannotBe_IsToldWithTheNameAndTheFix(string name, string value, string message)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new($"{SettingNames.Section}:{name}", value), new($"{SettingNames.Section}:Telemetry:OtlpEndpoint", "http://127.0.0.1:4317")])
            .Build();

        Assert.Equal(message, Assert.Throws<SettingsException>(() => LockstepSettings.Read(configuration)).Message);
    }

    [Theory]
    [InlineData("Kinto:Flsh", "Unknown setting: 'Flsh'.")]
    [InlineData("Buckets:Quotas:Overrides:1:Bukket", "Unknown setting: 'Bukket'.")]
    [InlineData("OpenId:Providers:1:Isuer", "Unknown setting: 'Isuer'.")]
    [InlineData("Sync15:Issuers:1:JwksUri", "Unknown setting: 'JwksUri'.")]
    [InlineData("FirefoxAccounts:Clients:1:RedirectUrl", "Unknown setting: 'RedirectUrl'.")]
    public void Name_ThatIsNone_IsToldToo_InNumberedGroupsAsWell(string name, string message) => Assert.Equal(
        $"{message} See docs/operations/configuration.md for the settings.", Problem(name, "x"));

    [Theory]
    [InlineData("Buckets:Quotas:Overrides:1:Bytes", "many", "'many' at 'Lockstep:Buckets:Quotas:Overrides:1:Bytes'")]
    [InlineData("OpenId:Providers:1:OpaqueTokens", "7", "OpenId:Providers:1:OpaqueTokens is 7. Use ")]
    public void Value_ThatCannotBe_InANumberedGroup_IsToldWithTheName(string name, string value, string message) =>
        Assert.Contains(message, Problem(name, value), StringComparison.Ordinal);

    [Fact]
    public void Path_OfASocket_HasAsManyBytesAsTheSystemTakes()
    {
        Assert.Contains("has at most 107 bytes", Problem("Urls", $"http://unix:/{new string('a', 107)}"), StringComparison.Ordinal);
        Assert.Equal(107, new System.Net.Sockets.UnixDomainSocketEndPoint($"/{new string('a', 106)}").ToString().Length);
        LockstepSettings.Read(new ConfigurationBuilder().AddInMemoryCollection([new($"{SettingNames.Section}:Urls", $"http://unix:/{new string('a', 106)}")]).Build());
    }

    private static string Problem(string name, string value) => Assert.Throws<SettingsException>(() => LockstepSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection([new($"{SettingNames.Section}:{name}", value)]).Build())).Message;

    private static BoundsAttribute? Bounds(Setting setting) => setting.Property.GetCustomAttribute<BoundsAttribute>();

    private static object Value(Setting setting, double value) =>
        setting.Value is TimeSpan ? TimeSpan.FromSeconds(value) : Convert.ChangeType(value, setting.Value!.GetType(), CultureInfo.InvariantCulture);

    private static string NameInDocs(Setting setting) => setting.Value is IDictionary ? $"{setting.Name}:1" : setting.Name;

    private static string Default(object? value) => value switch
    {
        null or "" or IDictionary { Count: 0 } => "none",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Variable(string name) => "LOCKSTEP_" + string.Join("__", name.Split(':').Select(static part =>
        string.Concat(part.Select(static (letter, i) => i > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{letter}")).ToUpperInvariant()));
}
