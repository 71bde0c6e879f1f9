using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pages;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Sync11.Captcha;
using Lockstep.Gateway.Sync11.Pages;
using Lockstep.Gateway.Sync11.Pairing;
using Lockstep.Gateway.Sync11.Storage;
using Lockstep.Gateway.Sync11.Users;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Lockstep.Gateway.Sync11;

/// <summary>Registers Sync 1.1: users and their storage, their pages, and Easy Setup.</summary>
public static class Sync11ServiceCollectionExtensions
{
    /// <param name="services">The services to add to, with accounts and channels for pairing already registered.</param>
    /// <param name="options">Checked settings.</param>
    public static IServiceCollection AddSync11(this IServiceCollection services, Sync11Options options) => services
        .AddSingleton(options)
        .AddSingleton<CredentialAudit>()
        .AddSingleton<WeaveHeaders>()
        .AddSingleton<UserScheme>()
        .AddSingleton<StorageCalls>()
        .AddSingleton<InfoHandlers>()
        .AddSingleton<CollectionHandlers>()
        .AddSingleton<RecordHandlers>()
        .AddSingleton<StorageHandlers>()
        .AddSingleton<Attempts>()
        .AddSingleton<Admittance>()
        .AddSingleton<AuditLog>()
        .AddSingleton<AccountHandlers>()
        .AddSingleton<PasswordResets>()
        .AddSingleton<PasswordHandlers>()
        .AddSingleton<UserHandlers>()
        .AddProtocol<StorageProtocol, StorageHandler>()
        .AddProtocol<UserProtocol, UserHandler>()
        .AddSingleton<ReportLog>()
        .AddSingleton<PairingHandlers>()
        .AddProtocol<PairingProtocol, PairingHandler>()
        .AddFormsAndCaptcha(options, WeavePages.Read());

    private static IServiceCollection AddFormsAndCaptcha(this IServiceCollection services, Sync11Options options, PageSet pages)
    {
        services.TryAddSingleton<ICaptcha>(provider => new SumCaptcha(
            pages.Texts, provider.GetRequiredService<AccountSecret>(), provider.GetRequiredService<Attempts>(), options.Captcha, provider.GetRequiredService<TimeProvider>()));
        return services
            .AddProtocol<CaptchaProtocol, CaptchaHandler>()
            .AddSingleton<FormHandlers>()
            .AddProtocol<FormProtocol, FormHandler>()
            .AddPages(pages);
    }
}
